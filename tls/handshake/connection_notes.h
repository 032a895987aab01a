#pragma once

#include "tls/openssl_types.h"

namespace sluice::tls {

/// What OpenSSL's callbacks note of one connection, for the stream that it belongs to.
struct ConnectionNotes {
  OpenSslPointer<SSL_SESSION> session;  ///< the newest that can be resumed; clients only
  int alert_sent = -1;                  ///< the fatal alert that was sent (its number), or -1

  /// Has notes taken of what happens on `ssl`, which must not outlive this object.
  void follow(SSL* ssl) {
    SSL_set_app_data(ssl, this);
    SSL_set_info_callback(ssl, note_state);
  }
  /// For SSL_CTX_sess_set_new_cb(): notes the session, and takes the reference to it.
  static int note_session(SSL* ssl, SSL_SESSION* session) {
    of(ssl).session.reset(session);
    return 1;
  }

 private:
  static ConnectionNotes& of(const SSL* ssl) {
    return *static_cast<ConnectionNotes*>(SSL_get_app_data(ssl));
  }
  static void note_state(const SSL* ssl, int where, int what) {
    const bool fatal = what >> 8 == SSL3_AL_FATAL;
    if (where == SSL_CB_WRITE_ALERT && fatal) of(ssl).alert_sent = what & 0xff;
  }
};

}  // namespace sluice::tls
