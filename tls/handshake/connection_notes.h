#pragma once

#include <cstddef>
#include <cstdint>

#include "tls/handshake/traffic_secrets.h"
#include "tls/openssl_types.h"

namespace sluice::tls {

/// What OpenSSL's callbacks note of one connection, for the stream that it belongs to.
class ConnectionNotes {
 public:
  /// Has notes taken of what happens on `ssl`, which must not outlive this object.
  void follow(SSL* ssl);

  OpenSslPointer<SSL_SESSION> session;  ///< the newest that can be resumed; clients only
  int alert_sent = -1;                  ///< the fatal alert that was sent (its number), or -1

  // For whoever takes over from OpenSSL: where its record layer has got to.

  TrafficSecrets secrets;              ///< with TLS 1.3; see TrafficSecretsCopy
  std::uint64_t records_received = 0;  ///< with the keys that protect application data
  std::uint64_t records_sent = 0;      ///< the same
  bool key_updated = false;            ///< the secrets are not the present ones any more

  /// For SSL_CTX_sess_set_new_cb(): notes the session, and takes the reference to it.
  static int note_session(SSL* ssl, SSL_SESSION* session);

 private:
  static ConnectionNotes* of(const SSL* ssl) {
    return static_cast<ConnectionNotes*>(SSL_get_app_data(ssl));
  }
  static void note_state(const SSL* ssl, int where, int what);
  static void note_message(int sent, int version, int type, const void* bytes, std::size_t size,
                           SSL* ssl, void* argument);
};

}  // namespace sluice::tls
