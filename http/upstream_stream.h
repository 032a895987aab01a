#pragma once

#include <memory>

#include "dataplane/buffer/byte_chain.h"
#include "dataplane/stream.h"
#include "http/upstream_tls.h"

namespace sluice::http {

/// The open connection to a server, taken out of the UpstreamConnection that has made it: it is in
/// no pool any more, and whoever has it must give it a handler at once.
struct UpstreamStream {
  Stream* stream = nullptr;
  tls::SecureStream* secure = nullptr;  ///< the same, with TLS
  std::shared_ptr<UpstreamTls> tls;     ///< what keeps its sessions; null without TLS
  ByteChain received;                   ///< and not consumed

  void keep_session() const {
    if (secure != nullptr) tls->keep_session(*secure);
  }
};

}  // namespace sluice::http
