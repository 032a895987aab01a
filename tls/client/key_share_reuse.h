#pragma once

#include <chrono>

#include "tls/client/client_library.h"
#include "tls/openssl_types.h"

namespace sluice::tls {

/// Has a library hand out a generated X25519 key again, for up to so many handshakes and for so
/// long, before there is a new one. A load tester's clients may share keys so that it costs less
/// than the server under test; whoever takes such a key out of memory can read all connections that
/// were made with it (RFC 9325 section 7.4), so nobody else may. For one thread, as the library is.
class KeyShareReuse {
 public:
  static constexpr unsigned kLeastHandshakes = 2;
  static constexpr unsigned kMostHandshakes = 10000;

  struct Bounds {
    unsigned handshakes;  ///< kLeastHandshakes to kMostHandshakes
    std::chrono::steady_clock::duration time = std::chrono::minutes(1);
  };

  /// The library outlives it, and all keys and contexts made in the library are freed before it.
  /// Throws std::runtime_error with a message for the operator: bounds that are out of range, or an
  /// OpenSSL that cannot do it.
  KeyShareReuse(const ClientLibrary& library, const Bounds& bounds);
  ~KeyShareReuse();
  KeyShareReuse(const KeyShareReuse&) = delete;
  KeyShareReuse& operator=(const KeyShareReuse&) = delete;

 private:
  class Provider;

  OpenSslPointer<OSSL_PROVIDER> provider_;
};

}  // namespace sluice::tls
