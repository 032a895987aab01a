#pragma once

#include "dataplane/buffer/byte_chain.h"

namespace sluice::http {

/// A response of our own with a short text body, complete. `close` adds Connection: close;
/// `without_body` is for answers to HEAD, which keep the Content-Length. 405 carries Allow (RFC
/// 9110 section 15.5.6). None may be stored by a cache. Statuses we never send answer as 500.
/// Empty when buffers ran out.
ByteChain write_error_response(unsigned status, bool close, bool without_body, PacketPool& pool);

}  // namespace sluice::http
