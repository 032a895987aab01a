#include "tls/handshake/connection_notes.h"

namespace sluice::tls {
namespace {

constexpr std::uint8_t kChangeCipherSpec = 20;

}  // namespace

void ConnectionNotes::follow(SSL* ssl) {
  SSL_set_app_data(ssl, this);
  SSL_set_info_callback(ssl, note_state);
  SSL_set_msg_callback(ssl, note_message);
}

int ConnectionNotes::note_session(SSL* ssl, SSL_SESSION* session) {
  of(ssl)->session.reset(session);
  return 1;
}

void ConnectionNotes::note_state(const SSL* ssl, int where, int what) {
  const bool fatal = what >> 8 == SSL3_AL_FATAL;
  if (where == SSL_CB_WRITE_ALERT && fatal) of(ssl)->alert_sent = what & 0xff;
}

// Each direction changes its keys for the last time behind its change_cipher_spec with TLS 1.2, and
// behind its Finished with TLS 1.3, which has it too, earlier.
void ConnectionNotes::note_message(int sent, int /*version*/, int type, const void* bytes,
                                   std::size_t size, SSL* ssl, void* /*argument*/) {
  ConnectionNotes& notes = *of(ssl);
  std::uint64_t& records = sent != 0 ? notes.records_sent : notes.records_received;
  const std::uint8_t first = size > 0 ? *static_cast<const std::uint8_t*>(bytes) : 0;
  if (type == SSL3_RT_HEADER) {
    records = first == kChangeCipherSpec ? 0 : records + 1;
  } else if (type == SSL3_RT_HANDSHAKE) {
    if (first == SSL3_MT_FINISHED && SSL_version(ssl) == TLS1_3_VERSION) records = 0;
    if (first == SSL3_MT_KEY_UPDATE) notes.key_updated = true;
  }
}

}  // namespace sluice::tls
