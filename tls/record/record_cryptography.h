#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tls/record/content_type.h"
#include "tls/record/record_cipher.h"
#include "tls/record/record_header.h"
#include "tls/record/suite.h"
#include "tls/record/traffic_keys.h"

namespace sluice::tls {

// What sealing and opening have in common.

/// What is authenticated with a record beside its plaintext: TLS 1.3's header (RFC 8446 section
/// 5.2), or TLS 1.2's sequence number and header of the plaintext (RFC 5246 section 6.2.3.3).
class AssociatedData {
 public:
  /// `type` is the one in the record's header, the sizes are those of its fragment and plaintext.
  AssociatedData(Suite suite, std::uint64_t sequence, ContentType type, std::size_t fragment,
                 std::size_t plaintext);
  [[nodiscard]] std::span<const std::uint8_t> bytes() const {
    return std::span(room_).first(size_);
  }

 private:
  std::array<std::uint8_t, 13> room_;
  std::size_t size_ = 0;
};

/// The header of a record with a fragment of that size.
[[nodiscard]] std::array<std::uint8_t, kRecordHeaderSize> record_header(ContentType type,
                                                                        std::size_t fragment);

/// Of the next record (RFC 8446 section 5.3, RFC 5288 section 3, RFC 7905 section 2).
[[nodiscard]] RecordCipher::Nonce next_nonce(Suite suite, const TrafficKeys& keys);

}  // namespace sluice::tls
