#pragma once

#include <chrono>
#include <memory>

#include "tls/openssl_types.h"

namespace sluice::tls {

/// A library context of OpenSSL in which a generated X25519 key is handed out again, for up to so
/// many handshakes and for so long, before there is a new one. A load tester's clients may share
/// keys so that it costs less than the server under test; whoever takes such a key out of memory
/// can read all connections that were made with it (RFC 9325 section 7.4), so nobody else may.
/// Everything else in it is OpenSSL's default provider. For one thread.
class KeyShareReuse {
 public:
  static constexpr unsigned kLeastHandshakes = 2;
  static constexpr unsigned kMostHandshakes = 10000;

  struct Bounds {
    unsigned handshakes;  ///< kLeastHandshakes to kMostHandshakes
    std::chrono::steady_clock::duration time = std::chrono::minutes(1);
  };

  /// Throws std::runtime_error with a message for the operator: bounds that are out of range, or an
  /// OpenSSL that cannot do it.
  explicit KeyShareReuse(const Bounds& bounds);
  ~KeyShareReuse();
  KeyShareReuse(const KeyShareReuse&) = delete;
  KeyShareReuse& operator=(const KeyShareReuse&) = delete;

  /// For SSL_CTX_new_ex(). What is made in it must be freed before this object.
  [[nodiscard]] OSSL_LIB_CTX* library() const { return library_.get(); }

 private:
  class Provider;

  OpenSslPointer<OSSL_LIB_CTX> library_;
  OpenSslPointer<OSSL_PROVIDER> original_;
  OpenSslPointer<OSSL_PROVIDER> own_;
};

}  // namespace sluice::tls
