#include "tls/client/session_stock.h"

#include <utility>

namespace sluice::tls {

void SessionStock::put(OpenSslPointer<SSL_SESSION> session) {
  if (session == nullptr) return;
  if (sessions_.size() == kCapacity) sessions_.erase(sessions_.begin());
  sessions_.push_back(std::move(session));
}

OpenSslPointer<SSL_SESSION> SessionStock::take() {
  if (sessions_.empty()) return nullptr;
  if (SSL_SESSION_get_protocol_version(sessions_.back().get()) != TLS1_3_VERSION) {
    SSL_SESSION_up_ref(sessions_.back().get());
    return OpenSslPointer<SSL_SESSION>(sessions_.back().get());
  }
  OpenSslPointer<SSL_SESSION> newest = std::move(sessions_.back());
  sessions_.pop_back();
  return newest;
}

}  // namespace sluice::tls
