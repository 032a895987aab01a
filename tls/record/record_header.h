#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/buffer/byte_chain.h"
#include "tls/record/content_type.h"
#include "tls/record/suite.h"

namespace sluice::tls {

/// The largest plaintext of one record (RFC 8446 section 5.1).
inline constexpr std::size_t kMaxPlaintext = 1U << 14;
inline constexpr std::size_t kRecordHeaderSize = 5;
/// What every record says, since TLS 1.3 hides its own version.
inline constexpr std::uint16_t kRecordVersion = 0x0303;

/// The beginning of a record, as it was received.
struct RecordHeader {
  std::uint8_t type;
  std::uint16_t version;
  std::uint16_t size;  ///< of the fragment that follows
};

/// Reads the header at the beginning of `bytes`, which has kRecordHeaderSize of them or more.
[[nodiscard]] RecordHeader read_record_header(const ByteChain& bytes);

/// What to tell a peer whose record has such a header, or nothing when the record may be opened
/// (once it is there whole).
[[nodiscard]] std::optional<Alert> refusal_of(Suite suite, const RecordHeader& header);

}  // namespace sluice::tls
