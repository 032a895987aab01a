#pragma once

#include <optional>

#include "dataplane/buffer/byte_chain.h"
#include "dataplane/stream.h"
#include "tls/failure.h"
#include "tls/record/post_handshake_reader.h"

namespace sluice::tls {

/// What a stream has only while something is under way in it: an idle one does without.
struct InFlight {
  ByteChain received;  ///< the beginning of a record
  ByteChain queued;    ///< plaintext that waits for the handshake or for buffers
  PostHandshakeReader messages;
  Failure failure;
  std::optional<StreamError> untold;  ///< a failure the handler does not know of

  [[nodiscard]] bool idle() const {
    return received.empty() && queued.empty() && !messages.inside_message() &&
           failure.kind == Failure::Kind::kNone && !untold;
  }
};

}  // namespace sluice::tls
