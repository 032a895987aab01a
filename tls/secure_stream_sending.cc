// What SecureStream sends after the handshake.
#include <algorithm>
#include <span>
#include <utility>

#include "tls/record/record_sealing.h"
#include "tls/secure_stream.h"

namespace sluice::tls {
namespace {

// What a record of so much plaintext may grow by: headers and tags, for every 512 bytes if a
// client asked OpenSSL for small fragments (RFC 6066 section 4), a key update that is due, and what
// is left over in each buffer because ciphers like whole blocks.
constexpr std::size_t overhead(std::size_t plaintext) {
  return 320 + plaintext / 16;
}
static_assert(kMaxPlaintext + overhead(kMaxPlaintext) <=
                  BufferReserve::kCapacity * PacketPool::kDataRoom &&
              kMaxPlaintext + overhead(kMaxPlaintext) <= PacketPool::kLargeRoom);

}  // namespace

void SecureStream::send(ByteChain data) {
  if (finishing_ || lower_ == nullptr) return;
  if (!gather(data)) write_queued(std::move(data));
}

// A record costs a tenth of a microsecond before its first byte, here and at the peer. False when
// the data is not to wait, or is too much to.
bool SecureStream::gather(ByteChain& data) {
  if (!environment_.options.gathers_writes || phase_ != Phase::kOpen) return false;
  const bool waits = in_flight_ && !in_flight_->queued.empty();
  const std::size_t queued = waits ? in_flight_->queued.size() : 0;
  if ((waits && !gathering_) || queued + data.size() >= kMaxPlaintext) return false;
  in_flight().queued.append(std::move(data));
  if (!gathering_) environment_.gathering.push_back(this);
  gathering_ = true;
  return true;
}

void SecureStream::seal_gathered() {
  gathering_ = false;
  write_queued();
}

void SecureStream::finish() {
  finishing_ = true;
  write_queued();
}

// Encrypts what is queued, and `more` behind it, as far as there are buffers; behind that, ends the
// stream if that is due.
void SecureStream::write_queued(ByteChain more) {
  if (lower_ == nullptr) return;
  ByteChain plaintext = in_flight_ ? std::move(in_flight_->queued) : ByteChain();
  plaintext.append(std::move(more));
  const bool ready = phase_ == Phase::kOpen && (!finished_ || plaintext.empty());
  bool written = ready && write_all(plaintext);
  const bool ending = written && finishing_ && !finished_;
  if (ending) written = write_close_notify();
  if (ready) flush();
  if (lower_ == nullptr) return;
  if (!plaintext.empty()) in_flight().queued = std::move(plaintext);
  if (written) end_lower(ending);
  forget_if_idle();
}

// As far as there are buffers. False when they did not suffice, or the stream has failed.
bool SecureStream::write_all(ByteChain& plaintext) {
  bool written = true;
  while (written && !plaintext.empty()) written = write_record(plaintext);
  return written;
}

// One record of the first bytes. False when it cannot be made, now or ever.
bool SecureStream::write_record(ByteChain& plaintext) {
  const std::size_t most = std::min<std::size_t>(plaintext.size(), max_plaintext_);
  const std::size_t size = record_size_.next(environment_.clock.now(), most);
  if (!reserve_buffers(size)) return false;
  const Outcome outcome =
      own_records_ ? seal(plaintext, size) : write_with_openssl(plaintext, size);
  if (outcome != Outcome::kDone) {
    fail_later(outcome);
    return false;
  }
  plaintext.drop_front(size);
  sent_.sealed(size);
  record_size_.sealed(size);
  return true;
}

Outcome SecureStream::write_with_openssl(const ByteChain& plaintext, std::size_t size) {
  std::span<const std::uint8_t> bytes = plaintext.front();
  if (bytes.size() < size) {
    const std::span<std::uint8_t> gathered = std::span(environment_.scratch).first(size);
    plaintext.copy_out(0, gathered);
    bytes = gathered;
  }
  return openssl_->write(bytes.first(size));
}

Outcome SecureStream::seal(const ByteChain& plaintext, std::size_t size) {
  RecordTools& records = environment_.records;
  const bool worn = tls13_ && sending_.sequence() >= environment_.options.records_per_key;
  const bool done = (!worn || update_sending_keys(false)) &&
                    seal_record(records.ciphers, suite(), sending_, ContentType::kApplicationData,
                                plaintext, size, records.output);
  return done ? Outcome::kDone : Outcome::kNoMemory;
}

bool SecureStream::write_close_notify() {
  if (!reserve_buffers(0)) return false;
  Outcome outcome = Outcome::kDone;
  if (!own_records_) {
    outcome = openssl_->write_close_notify();
  } else if (!seal_alert(AlertLevel::kWarning, Alert::kCloseNotify)) {
    outcome = Outcome::kNoMemory;
  }
  if (outcome != Outcome::kDone) {
    fail_later(outcome);
    return false;
  }
  finished_ = true;
  return true;
}

// Everything is written: the stream below ends if this one does.
void SecureStream::end_lower(bool ending) {
  if (ending && handler_ != nullptr) {
    lower_->finish();
    lower_finished_ = true;
  }
  if (handler_ == nullptr) {
    lower_->close();
    let_go_of_lower();
  }
}

// When the pool is dry, waits for the peer to acknowledge something, which frees buffers and brings
// us back here; with nothing in flight there is nothing to wait for.
bool SecureStream::reserve_buffers(std::size_t plaintext) {
  if (environment_.reserve.ensure(plaintext + overhead(plaintext))) return true;
  flush();
  environment_.counters.records_postponed.add();
  if (lower_->unacknowledged() == 0) fail_later(Outcome::kNoMemory);
  return false;
}

// The peer's records are answered with alerts and key updates even behind our end, where nothing
// may follow any more.
void SecureStream::flush() {
  ByteChain output = openssl_ ? openssl_->take_output() : ByteChain();
  output.append(environment_.records.output.take());
  if (lower_ == nullptr || output.empty() || lower_finished_) return;
  sent_.sent(output.size());
  lower_->send(std::move(output));
}

void SecureStream::on_acknowledged(std::size_t bytes) {
  control_.acknowledged(bytes);
  const std::size_t plaintext = sent_.acknowledged(bytes);
  if (plaintext > 0 && handler_ != nullptr) handler_->on_acknowledged(plaintext);
  if (finishing_ || (in_flight_ && !in_flight_->queued.empty())) write_queued();
}

bool SecureStream::starves() const {
  const bool queued = in_flight_ && !in_flight_->queued.empty() && !gathering_;
  return !queued && lower_ != nullptr && lower_->starves();
}

std::size_t SecureStream::unacknowledged() const {
  return sent_.outstanding() + (in_flight_ ? in_flight_->queued.size() : 0);
}

}  // namespace sluice::tls
