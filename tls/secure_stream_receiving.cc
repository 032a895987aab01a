// What SecureStream receives after the handshake.
#include <utility>

#include "tls/record/record_header.h"
#include "tls/record/record_opening.h"
#include "tls/secure_stream.h"

namespace sluice::tls {
namespace {

// Of the record that begins here, with its header; zero when that is not known yet.
std::size_t record_size(const ByteChain& received) {
  if (received.size() < kRecordHeaderSize) return 0;
  return kRecordHeaderSize + read_record_header(received).size;
}

}  // namespace

bool SecureStream::receiving() const {
  return lower_ != nullptr && handler_ != nullptr && !peer_ended_;
}

void SecureStream::on_data(ByteChain data) {
  credit_.received(data.size());
  if (receiving()) {
    if (phase_ != Phase::kOpen) {
      if (openssl_->unread() == 0 && phase_ == Phase::kWaiting) {
        openssl_->begin_at(environment_.clock.now());
      }
      openssl_->receive(std::move(data));
      go_on_with_handshake();
    }
    if (phase_ == Phase::kOpen) read_records(std::move(data));
  }
  open_window();
  forget_if_idle();
}

void SecureStream::read_records(ByteChain data) {
  if (!receiving()) return;
  ByteChain plaintext;
  Outcome outcome = Outcome::kDone;
  if (!own_records_) {
    openssl_->receive(std::move(data));
    outcome = read_with_openssl(plaintext);
  }
  if (own_records_ && outcome == Outcome::kDone) {
    outcome = read_own_records(std::move(data), plaintext);
  }
  if (outcome == Outcome::kFailed) note_failure();
  flush();
  deliver(std::move(plaintext));
  if (!receiving() || outcome == Outcome::kDone) return;
  if (outcome != Outcome::kEnd) return fail(outcome);
  peer_ended_ = true;
  if (openssl_) openssl_->drop_input();
  handler_->on_end();
}

// --- By OpenSSL

// A client's records are taken over as late as here: see OpenSslSession::expects_session().
Outcome SecureStream::read_with_openssl(ByteChain& plaintext) {
  Packet buffer;
  Outcome outcome = Outcome::kDone;
  while (outcome == Outcome::kDone && !own_records_ && openssl_->offer_record()) {
    outcome = read_openssl_record(plaintext, buffer);
    const bool has_data = !plaintext.empty() || (buffer && buffer.size() > 0);
    const bool between_records = outcome == Outcome::kDone && openssl_->record_read();
    if (between_records && (has_data || !openssl_->expects_session())) take_over_records();
  }
  if (buffer && buffer.size() > 0) plaintext.append(std::move(buffer));
  if (own_records_) flush();  // what OpenSSL has answered goes ahead of records of our own
  let_go_of_openssl();
  return outcome;
}

// Reads to the end of the record that was offered, or to the end of what has come of it.
Outcome SecureStream::read_openssl_record(ByteChain& plaintext, Packet& buffer) {
  std::size_t total = 0;
  for (;;) {
    if (!buffer) buffer = environment_.pool.allocate();
    if (!buffer) return Outcome::kNoMemory;
    std::size_t size = 0;
    std::uint8_t* end = buffer.front().data() + buffer.size();
    const Outcome outcome = openssl_->read({end, buffer.tailroom()}, size);
    if (outcome != Outcome::kDone) return outcome;
    if (size == 0) break;
    total += size;
    credit_.decrypted(size);
    (void)buffer.append(static_cast<std::uint16_t>(size));
    if (buffer.tailroom() == 0) plaintext.append(std::exchange(buffer, Packet()));
  }
  if (total > 0) control_.earn(total, sent_.in_flight());
  const bool control = total == 0 && openssl_->record_read();
  return control && too_many_control_records() ? Outcome::kFailed : Outcome::kDone;
}

// --- By ourselves

Outcome SecureStream::read_own_records(ByteChain data, ByteChain& plaintext) {
  ByteChain received = in_flight_ ? std::move(in_flight_->received) : ByteChain();
  received.append(std::move(data));
  Outcome outcome = Outcome::kDone;
  while (outcome == Outcome::kDone && received.size() >= kRecordHeaderSize) {
    if (const auto alert = refusal_of(suite(), read_record_header(received))) return refuse(*alert);
    if (received.size() < record_size(received)) break;
    outcome = open_next(received, plaintext);
  }
  if (outcome == Outcome::kDone && !received.empty()) in_flight().received = std::move(received);
  return outcome;
}

Outcome SecureStream::open_next(ByteChain& received, ByteChain& plaintext) {
  ByteChain record;
  if (!received.move_front(record_size(received), record, environment_.pool)) {
    return Outcome::kNoMemory;
  }
  OpenedRecord opened = open_record(environment_.records.ciphers, suite(), receiving_,
                                    std::move(record), environment_.pool);
  if (opened.status == OpenedRecord::Status::kNoMemory) return Outcome::kNoMemory;
  if (opened.status == OpenedRecord::Status::kRefused) return refuse(opened.alert);
  if (tls13_ && receiving_.sequence() == environment_.options.records_per_key &&
      !update_sending_keys(true)) {
    return Outcome::kNoMemory;
  }
  if (opened.type != ContentType::kApplicationData || opened.plaintext.empty()) {
    return take_control_record(opened.type, opened.plaintext);
  }
  if (in_flight_ && in_flight_->messages.inside_message()) {
    return refuse(Alert::kUnexpectedMessage);
  }
  credit_.decrypted(opened.plaintext.size());
  control_.earn(opened.plaintext.size(), sent_.in_flight());
  plaintext.append(std::move(opened.plaintext));
  return Outcome::kDone;
}

// --- Above

void SecureStream::deliver(ByteChain plaintext) {
  if (!plaintext.empty() && receiving()) handler_->on_data(std::move(plaintext));
}

void SecureStream::consume(std::size_t bytes) {
  credit_.consumed(bytes);
  open_window();
}

void SecureStream::widen() {
  if (lower_ != nullptr) lower_->widen();
}

void SecureStream::open_window() {
  if (lower_ == nullptr) return;
  std::size_t unread = 0;
  if (openssl_ && !own_records_) {
    unread = openssl_->unread();
  } else if (in_flight_ && in_flight_->received.size() >= kRecordHeaderSize) {
    // Only in on_open() there may be whole records that came with the handshake's end.
    const std::size_t size = in_flight_->received.size();
    unread = size >= record_size(in_flight_->received) ? size : 0;
  }
  const std::size_t due = credit_.take(unread);
  if (due > 0) lower_->consume(due);
}

// A client may leave as soon as its own part of the handshake is done, and ours waits.
void SecureStream::on_end() {
  if (phase_ != Phase::kOpen && openssl_->place().waiting()) {
    end_waits_ = true;
  } else if (receiving()) {
    fail_with(StreamError::kTruncated);
  }
}

}  // namespace sluice::tls
