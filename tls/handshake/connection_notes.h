#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "tls/openssl_types.h"
#include "tls/record/suite.h"

namespace sluice::tls {

/// What OpenSSL's callbacks note of one connection, for the stream that it belongs to.
class ConnectionNotes {
 public:
  /// A traffic secret of TLS 1.3. Wiped when it is destroyed.
  struct Secret {
    std::array<std::uint8_t, kMaxSecretSize> bytes{};
    std::uint8_t size = 0;

    Secret() = default;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;
    ~Secret() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
    [[nodiscard]] std::span<const std::uint8_t> get() const { return std::span(bytes).first(size); }
  };

  /// Has notes taken of what happens on `ssl`, which must not outlive this object.
  void follow(SSL* ssl);

  OpenSslPointer<SSL_SESSION> session;  ///< the newest that can be resumed; clients only
  int alert_sent = -1;                  ///< the fatal alert that was sent (its number), or -1

  // For whoever takes over from OpenSSL: where its record layer has got to.

  Secret client_secret;                ///< client_application_traffic_secret_0
  Secret server_secret;                ///< server_application_traffic_secret_0
  std::uint64_t records_received = 0;  ///< with the keys that protect application data
  std::uint64_t records_sent = 0;      ///< the same
  bool key_updated = false;            ///< the secrets are not the present ones any more

  /// For SSL_CTX_sess_set_new_cb(): notes the session, and takes the reference to it.
  static int note_session(SSL* ssl, SSL_SESSION* session);
  /// For SSL_CTX_set_keylog_callback(): notes traffic secrets. Does nothing for an SSL that is not
  /// followed.
  static void note_secret(const SSL* ssl, const char* line);

 private:
  static ConnectionNotes* of(const SSL* ssl) {
    return static_cast<ConnectionNotes*>(SSL_get_app_data(ssl));
  }
  static void note_state(const SSL* ssl, int where, int what);
  static void note_message(int sent, int version, int type, const void* bytes, std::size_t size,
                           SSL* ssl, void* argument);
};

}  // namespace sluice::tls
