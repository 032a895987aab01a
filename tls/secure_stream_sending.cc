// What SecureStream sends after the handshake.
#include <openssl/err.h>

#include <algorithm>
#include <span>
#include <utility>

#include "tls/secure_stream.h"

namespace sluice::tls {
namespace {

// What a record of so much plaintext may grow by: headers and tags, for every 512 bytes if a
// client asked for small fragments (RFC 6066 section 4), and a key update that is due.
constexpr std::size_t overhead(std::size_t plaintext) {
  return 320 + plaintext / 16;
}
static_assert(Environment::kMaxPlaintext + overhead(Environment::kMaxPlaintext) <=
              BufferReserve::kCapacity * PacketPool::kDataRoom);

}  // namespace

void SecureStream::send(ByteChain data) {
  if (finishing_ || lower_ == nullptr) return;
  queued_.append(std::move(data));
  write_queued();
}

void SecureStream::finish() {
  finishing_ = true;
  write_queued();
}

// Encrypts what is queued as far as there are buffers; behind it, ends the stream if that is due.
void SecureStream::write_queued() {
  if (phase_ != Phase::kOpen || lower_ == nullptr) return;
  bool written = true;
  while (written && !queued_.empty()) written = write_record();
  const bool ending = written && finishing_ && !finished_;
  if (ending) written = write_close_notify();
  flush();
  if (lower_ == nullptr || !written) return;
  if (ending && handler_ != nullptr) {
    lower_->finish();
    lower_finished_ = true;
  }
  if (handler_ == nullptr) {
    lower_->close();
    let_go_of_lower();
  }
}

// One record of the first bytes that are queued. False when it cannot be made, now or ever.
bool SecureStream::write_record() {
  const std::size_t size = std::min(queued_.size(), Environment::kMaxPlaintext);
  if (!reserve_buffers(size)) return false;
  std::span<const std::uint8_t> plaintext = queued_.front();
  if (plaintext.size() < size) {
    const std::span<std::uint8_t> gathered = std::span(environment_.scratch).first(size);
    queued_.copy_out(0, gathered);
    plaintext = gathered;
  }
  std::size_t done = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), plaintext.data(), size, &done);
  if (result != 1 || done != size) {
    fail_later(transport_.out_of_buffers() ? Outcome::kNoMemory : Outcome::kFailed);
    return false;
  }
  queued_.drop_front(size);
  sent_.sealed(size);
  return true;
}

bool SecureStream::write_close_notify() {
  if (!reserve_buffers(0)) return false;
  ERR_clear_error();
  if (SSL_shutdown(ssl_.get()) < 0) {
    fail_later(transport_.out_of_buffers() ? Outcome::kNoMemory : Outcome::kFailed);
    return false;
  }
  finished_ = true;
  return true;
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

// OpenSSL answers the peer's records with alerts and key updates even behind our end, where nothing
// may follow any more.
void SecureStream::flush() {
  if (lower_ == nullptr) return;
  ByteChain output = transport_.take_output();
  if (output.empty() || lower_finished_) return;
  sent_.sent(output.size());
  lower_->send(std::move(output));
}

void SecureStream::on_acknowledged(std::size_t bytes) {
  const std::size_t plaintext = sent_.acknowledged(bytes);
  if (plaintext > 0 && handler_ != nullptr) handler_->on_acknowledged(plaintext);
  if (!queued_.empty() || finishing_) write_queued();
}

bool SecureStream::starves() const {
  return queued_.empty() && lower_ != nullptr && lower_->starves();
}

std::size_t SecureStream::unacknowledged() const {
  return sent_.outstanding() + queued_.size();
}

}  // namespace sluice::tls
