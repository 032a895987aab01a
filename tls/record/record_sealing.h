#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/buffer/byte_chain.h"
#include "tls/record/content_type.h"
#include "tls/record/output_buffers.h"
#include "tls/record/record_ciphers.h"
#include "tls/record/suite.h"
#include "tls/record/traffic_keys.h"

namespace sluice::tls {

/// Seals the first `size` bytes (at most kMaxPlaintext) of `plaintext`, which is not changed, in
/// one record behind what `output` has. False when there was no buffer or no memory: what `output`
/// has then is of no use.
[[nodiscard]] bool seal_record(RecordCiphers& ciphers, Suite suite, TrafficKeys& keys,
                               ContentType type, const ByteChain& plaintext, std::size_t size,
                               OutputBuffers& output);
/// The same for a few bytes in a row.
[[nodiscard]] bool seal_record(RecordCiphers& ciphers, Suite suite, TrafficKeys& keys,
                               ContentType type, std::span<const std::uint8_t> plaintext,
                               OutputBuffers& output);

}  // namespace sluice::tls
