// Records that carry no data, where SecureStream protects them itself: alerts, key updates.
#include <array>
#include <span>

#include "tls/record/key_schedule.h"
#include "tls/record/record_sealing.h"
#include "tls/secure_stream.h"

namespace sluice::tls {
bool SecureStream::too_many_control_records() {
  if (control_.spend()) return false;
  environment_.counters.control_floods.add();
  in_flight().failure = {Failure::Kind::kControlFlood};
  return true;
}

Outcome SecureStream::take_control_record(ContentType type, const ByteChain& plaintext) {
  if (too_many_control_records()) return Outcome::kFailed;
  const bool inside = in_flight_ && in_flight_->messages.inside_message();
  if (inside && type != ContentType::kHandshake) return refuse(Alert::kUnexpectedMessage);
  switch (type) {
    case ContentType::kApplicationData:  // an empty record is allowed (RFC 8446 section 5.1)
      return Outcome::kDone;
    case ContentType::kAlert:
      return take_alert(plaintext);
    case ContentType::kHandshake:
      return take_handshake_messages(plaintext);
    default:
      return refuse(Alert::kUnexpectedMessage);
  }
}

Outcome SecureStream::take_alert(const ByteChain& plaintext) {
  if (plaintext.size() != 2) return refuse(Alert::kDecodeError);
  std::array<std::uint8_t, 2> bytes;
  plaintext.copy_out(0, bytes);
  const auto alert = static_cast<Alert>(bytes[1]);
  if (alert == Alert::kCloseNotify) return Outcome::kEnd;
  // In TLS 1.3 the level means nothing, and but for these two all are fatal (RFC 8446 section 6).
  const bool warning = tls13_ ? alert == Alert::kUserCanceled
                              : bytes[0] == static_cast<std::uint8_t>(AlertLevel::kWarning);
  if (warning) return Outcome::kDone;
  in_flight().failure = {Failure::Kind::kAlertReceived, bytes[1]};
  finished_ = true;
  return Outcome::kFailed;
}

Outcome SecureStream::take_handshake_messages(const ByteChain& plaintext) {
  if (!tls13_) {  // a renegotiation (RFC 5246 section 7.2.2)
    return seal_alert(AlertLevel::kWarning, Alert::kNoRenegotiation) ? Outcome::kDone
                                                                     : Outcome::kNoMemory;
  }
  const PostHandshakeReader::Result result =
      in_flight().messages.read(plaintext, role_ == Role::kClient);
  if (result.refused) return refuse(*result.refused);
  if (result.key_updated) update_receiving_keys();
  if (result.update_requested && !update_sending_keys(false)) return Outcome::kNoMemory;
  return Outcome::kDone;
}

void SecureStream::update_receiving_keys() {
  environment_.counters.key_updates.add();
  const auto old = std::span(receiving_.key).first(suite().key_size());
  environment_.records.ciphers.forget(aead_, old);
  update_keys(suite(), receiving_);
}

// The message is the last that is protected with the old keys (RFC 8446 section 4.6.3).
bool SecureStream::update_sending_keys(bool ask_for_the_same) {
  if (finished_) return true;
  environment_.counters.key_updates.add();
  const auto request = static_cast<std::uint8_t>(ask_for_the_same ? 1 : 0);
  const std::array<std::uint8_t, 5> message = {24, 0, 0, 1, request};
  RecordTools& records = environment_.records;
  if (!seal_record(records.ciphers, suite(), sending_, ContentType::kHandshake, message,
                   records.output)) {
    return false;
  }
  records.ciphers.forget(aead_, std::span(sending_.key).first(suite().key_size()));
  update_keys(suite(), sending_);
  return true;
}

// Tells the peer what was wrong with a record of its, and then nothing any more.
Outcome SecureStream::refuse(Alert alert) {
  in_flight().failure = {Failure::Kind::kAlertSent, static_cast<std::uint32_t>(alert)};
  if (!finished_) (void)seal_alert(AlertLevel::kFatal, alert);
  finished_ = true;
  return Outcome::kFailed;
}

bool SecureStream::seal_alert(AlertLevel level, Alert alert) {
  const std::array<std::uint8_t, 2> bytes = {static_cast<std::uint8_t>(level),
                                             static_cast<std::uint8_t>(alert)};
  RecordTools& records = environment_.records;
  return seal_record(records.ciphers, suite(), sending_, ContentType::kAlert, bytes,
                     records.output);
}

}  // namespace sluice::tls
