#pragma once

#include "dataplane/buffer/byte_chain.h"

namespace sluice::http {

/// Appends `data` as one chunk of the chunked transfer coding (RFC 9112 section 7.1); nothing when
/// it is empty, since an empty chunk is the last one. False when buffers ran out: what was appended
/// by then is not a whole chunk, and the message cannot be saved.
[[nodiscard]] bool append_chunk(ByteChain& output, ByteChain data, PacketPool& pool);

/// Appends the last chunk and the end of an empty trailer section.
[[nodiscard]] bool append_last_chunk(ByteChain& output, PacketPool& pool);

}  // namespace sluice::http
