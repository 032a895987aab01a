#pragma once

#include <cstddef>
#include <vector>

#include "tls/openssl_types.h"

namespace sluice::tls {

/// Sessions that one server has given one worker, waiting to be resumed. Beyond a bound the oldest
/// is dropped.
class SessionStock {
 public:
  static constexpr std::size_t kCapacity = 16;

  /// Adds a session; null adds none.
  void put(OpenSslPointer<SSL_SESSION> session);
  /// The newest, or null when there is none. A session of TLS 1.3 is handed out once (RFC 8446
  /// appendix C.4); one of TLS 1.2 stays here as well.
  [[nodiscard]] OpenSslPointer<SSL_SESSION> take();
  void clear() { sessions_.clear(); }

  [[nodiscard]] std::size_t size() const { return sessions_.size(); }

 private:
  std::vector<OpenSslPointer<SSL_SESSION>> sessions_;  // the newest at the end
};

}  // namespace sluice::tls
