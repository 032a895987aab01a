// What SecureStream receives after the handshake.
#include <openssl/err.h>

#include <utility>

#include "tls/secure_stream.h"

namespace sluice::tls {

bool SecureStream::receiving() const {
  return lower_ != nullptr && handler_ != nullptr && !peer_ended_;
}

void SecureStream::on_data(ByteChain data) {
  credit_.received(data.size());
  if (receiving()) {
    transport_.receive(std::move(data));
    if (phase_ != Phase::kOpen) continue_handshake();
    if (phase_ == Phase::kOpen) read_records();
  }
  open_window();
}

void SecureStream::read_records() {
  ByteChain plaintext;
  Packet buffer;
  Outcome outcome = Outcome::kDone;
  while (receiving() && outcome == Outcome::kDone && transport_.offer_record()) {
    outcome = read_record(plaintext, buffer);
  }
  if (buffer && buffer.size() > 0) plaintext.append(std::move(buffer));
  if (outcome == Outcome::kFailed) note_failure();
  flush();
  deliver(std::move(plaintext));
  if (!receiving() || outcome == Outcome::kDone) return;
  if (outcome != Outcome::kEnd) return fail(outcome);
  peer_ended_ = true;
  transport_.drop_input();
  handler_->on_end();
}

// Reads to the end of the record that was offered, or to the end of what has come of it.
SecureStream::Outcome SecureStream::read_record(ByteChain& plaintext, Packet& buffer) {
  std::size_t total = 0;
  for (;;) {
    if (!buffer) buffer = environment_.pool.allocate();
    if (!buffer) return Outcome::kNoMemory;
    std::size_t size = 0;
    std::uint8_t* end = buffer.front().data() + buffer.size();
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), end, buffer.tailroom(), &size);
    if (result != 1) {
      const int error = SSL_get_error(ssl_.get(), result);
      if (transport_.out_of_buffers()) return Outcome::kNoMemory;
      if (error == SSL_ERROR_ZERO_RETURN) return Outcome::kEnd;
      const bool refused = error != SSL_ERROR_WANT_READ || transport_.broken();
      return refused || too_many_control_records(total) ? Outcome::kFailed : Outcome::kDone;
    }
    total += size;
    credit_.decrypted(size);
    (void)buffer.append(static_cast<std::uint16_t>(size));
    if (buffer.tailroom() == 0) plaintext.append(std::exchange(buffer, Packet()));
  }
}

bool SecureStream::too_many_control_records(std::size_t plaintext) {
  if (plaintext > 0) control_.earn(plaintext, sent_);
  if (plaintext > 0 || !transport_.record_read() || control_.spend()) return false;
  environment_.counters.control_floods.add();
  failure_ = {Failure::Kind::kControlFlood};
  return true;
}

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
  const std::size_t due = credit_.take(transport_.unread());
  if (due > 0) lower_->consume(due);
}

void SecureStream::on_end() {
  if (receiving()) fail_with(StreamError::kTruncated);
}

}  // namespace sluice::tls
