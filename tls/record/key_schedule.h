#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "tls/openssl_types.h"
#include "tls/record/suite.h"
#include "tls/record/traffic_keys.h"

namespace sluice::tls {

/// Makes traffic keys of what a handshake has agreed on. One for each worker: it holds OpenSSL's
/// contexts for that, so that none is made for a connection. Calls return false when OpenSSL has no
/// memory; the keys are of no use then.
class KeySchedule {
 public:
  /// Throws std::runtime_error when OpenSSL lacks what TLS needs.
  KeySchedule();

  /// The first keys of a direction, for the secret that TLS 1.3 calls client_ or
  /// server_application_traffic_secret_0, of suite.hash_size() bytes (RFC 8446 section 7.3).
  [[nodiscard]] bool begin(Suite suite, std::span<const std::uint8_t> secret, TrafficKeys& keys);

  /// The keys that follow by a key update (RFC 8446 section 7.2). Sequence numbers begin anew.
  [[nodiscard]] bool update(Suite suite, TrafficKeys& keys);

  /// TLS 1.2's keys of both directions (RFC 5246 section 6.3). `randoms` is the server's and then
  /// the client's.
  [[nodiscard]] bool begin_tls12(Suite suite, std::span<const std::uint8_t> master_secret,
                                 std::span<const std::uint8_t, 64> randoms, TrafficKeys& client,
                                 TrafficKeys& server);

 private:
  [[nodiscard]] bool expand(Suite suite, std::span<const std::uint8_t> secret,
                            std::string_view label, std::span<std::uint8_t> out);
  [[nodiscard]] bool derive_key(Suite suite, TrafficKeys& keys);

  OpenSslPointer<EVP_KDF_CTX> expand_;
  OpenSslPointer<EVP_KDF_CTX> tls12_;
};

}  // namespace sluice::tls
