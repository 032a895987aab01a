#include "tls/secure_stream.h"

#include <openssl/err.h>

#include <algorithm>
#include <new>
#include <utility>

namespace sluice::tls {
namespace {

// More than the longest honest handshake takes: a ClientHello with post-quantum key shares, twice
// after a HelloRetryRequest, and the client's certificate chain.
constexpr std::uint64_t kMaxHandshakeBytes = std::uint64_t{64} * 1024;

constexpr std::uint64_t kMaxLingering = 64;

// What a record of so much plaintext may grow by: headers and tags, for every 512 bytes if the
// client asked for small fragments (RFC 6066 section 4), and a key update that is due.
constexpr std::size_t overhead(std::size_t plaintext) {
  return 320 + plaintext / 16;
}
static_assert(Environment::kMaxPlaintext + overhead(Environment::kMaxPlaintext) <=
              BufferReserve::kCapacity * PacketPool::kDataRoom);

}  // namespace

SecureStream* accept(Stream& lower, const ServerIdentity& identity, StreamHandler& handler,
                     Environment& environment) {
  auto* stream = new (std::nothrow) SecureStream(lower, identity, handler, environment);
  if (stream != nullptr) lower.set_handler(*stream);
  return stream;
}

SecureStream::SecureStream(Stream& lower, const ServerIdentity& identity, StreamHandler& handler,
                           Environment& environment)
    : lower_(&lower),
      handler_(&handler),
      environment_(environment),
      context_(identity.context()),
      transport_(environment.reserve) {}

SecureStream::~SecureStream() {
  if (untold_ && handler_ != nullptr) handler_->on_failure(*untold_);
}

void SecureStream::set_handler(StreamHandler& handler) {
  handler_ = &handler;
}

// --- Handshake

bool SecureStream::start_handshake() {
  environment_.counters.handshakes_started.add();
  phase_ = Phase::kHandshake;
  ERR_clear_error();
  ssl_.reset(SSL_new(context_.get()));
  OpenSslPointer<BIO> bio = transport_.make_bio();
  if (!ssl_ || !bio) return false;
  SSL_set_accept_state(ssl_.get());
  BIO* both = bio.release();
  SSL_set_bio(ssl_.get(), both, both);
  return true;
}

void SecureStream::continue_handshake() {
  while (phase_ == Phase::kHandshake && transport_.offer_record()) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    if (transport_.out_of_buffers()) return fail(Outcome::kNoMemory);
    if (result == 1) return opened();
    const bool wants_more = SSL_get_error(ssl_.get(), result) == SSL_ERROR_WANT_READ;
    if (!wants_more || transport_.broken() || transport_.total_read() > kMaxHandshakeBytes) {
      return fail(Outcome::kFailed);
    }
  }
  flush();
}

void SecureStream::opened() {
  Counters& counters = environment_.counters;
  phase_ = Phase::kOpen;
  counters.handshakes_completed.add();
  if (SSL_session_reused(ssl_.get()) == 1) counters.handshakes_resumed.add();
  (SSL_version(ssl_.get()) == TLS1_3_VERSION ? counters.tls13 : counters.tls12).add();
  write_queued();
  if (handler_ != nullptr && lower_ != nullptr) handler_->on_open();
}

std::string_view SecureStream::negotiated_protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  if (ssl_) SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

// --- Receiving

bool SecureStream::receiving() const {
  return lower_ != nullptr && handler_ != nullptr && !peer_ended_;
}

void SecureStream::on_data(ByteChain data) {
  credit_.received(data.size());
  if (receiving()) {
    transport_.receive(std::move(data));
    const bool started = phase_ != Phase::kWaiting || start_handshake();
    if (!started) return fail(Outcome::kNoMemory);
    if (phase_ == Phase::kHandshake) continue_handshake();
    if (phase_ == Phase::kOpen) read_records();
  }
  open_window();
}

void SecureStream::read_records() {
  ByteChain plaintext;
  Packet buffer;
  Outcome outcome = Outcome::kRead;
  while (receiving() && outcome == Outcome::kRead && transport_.offer_record()) {
    outcome = read_record(plaintext, buffer);
  }
  if (buffer && buffer.size() > 0) plaintext.append(std::move(buffer));
  flush();
  deliver(std::move(plaintext));
  if (!receiving() || outcome == Outcome::kRead) return;
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
      return refused || too_many_control_records(total) ? Outcome::kFailed : Outcome::kRead;
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
  return true;
}

void SecureStream::deliver(ByteChain plaintext) {
  if (!plaintext.empty() && receiving()) handler_->on_data(std::move(plaintext));
}

void SecureStream::consume(std::size_t bytes) {
  credit_.consumed(bytes);
  open_window();
}

void SecureStream::open_window() {
  if (lower_ == nullptr) return;
  const std::size_t due = credit_.take(transport_.unread());
  if (due > 0) lower_->consume(due);
}

void SecureStream::on_end() {
  if (receiving()) fail_with(StreamError::kTruncated);
}

// --- Sending

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
  if (ending && handler_ != nullptr) lower_->finish();
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
    ERR_clear_error();
    fail_later(transport_.out_of_buffers() ? StreamError::kNoMemory : StreamError::kProtocol);
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
    ERR_clear_error();
    fail_later(transport_.out_of_buffers() ? StreamError::kNoMemory : StreamError::kProtocol);
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
  if (lower_->unacknowledged() == 0) fail_later(StreamError::kNoMemory);
  return false;
}

void SecureStream::flush() {
  if (lower_ == nullptr) return;
  ByteChain output = transport_.take_output();
  if (output.empty()) return;
  sent_.sent(output.size());
  lower_->send(std::move(output));
}

void SecureStream::on_acknowledged(std::size_t bytes) {
  const std::size_t plaintext = sent_.acknowledged(bytes);
  if (plaintext > 0 && handler_ != nullptr) handler_->on_acknowledged(plaintext);
  if (!queued_.empty() || finishing_) write_queued();
}

std::size_t SecureStream::unacknowledged() const {
  return sent_.outstanding() + queued_.size();
}

// --- Ending

void SecureStream::close() {
  handler_ = nullptr;
  if (lower_ == nullptr) return;
  if (phase_ != Phase::kOpen) {
    lower_->close();
    let_go_of_lower();
    return;
  }
  finishing_ = true;
  write_queued();
  if (lower_ != nullptr) linger();
}

// Nobody watches the time of a stream that lingers, so a peer could keep it for as long as it
// likes; therefore there may only be few.
void SecureStream::linger() {
  Counter& lingering = environment_.counters.lingering;
  if (lingering.get() >= kMaxLingering) {
    lower_->abort();
    let_go_of_lower();
    return;
  }
  lingering.add();
  lingering_ = true;
}

void SecureStream::abort() {
  handler_ = nullptr;
  if (lower_ == nullptr) return;
  lower_->abort();
  let_go_of_lower();
}

void SecureStream::on_failure(StreamError error) {
  let_go_of_lower();
  if (handler_ != nullptr) std::exchange(handler_, nullptr)->on_failure(error);
}

void SecureStream::fail(Outcome outcome) {
  if (outcome == Outcome::kNoMemory) {
    environment_.counters.out_of_buffers.add();
    fail_with(StreamError::kNoMemory);
  } else {
    count_protocol_failure();
    fail_with(StreamError::kProtocol);
  }
}

// Called from below only: the handler learns of it at once.
void SecureStream::fail_with(StreamError error) {
  if (error == StreamError::kTruncated && phase_ == Phase::kOpen) {
    environment_.counters.truncated.add();
  }
  if (error != StreamError::kNoMemory) flush();
  if (lower_ == nullptr) return;
  error == StreamError::kNoMemory ? lower_->abort() : lower_->close();
  on_failure(error);
}

// Called from inside a call of the handler's, who learns of it after that: see ~SecureStream().
void SecureStream::fail_later(StreamError error) {
  if (lower_ == nullptr) return;
  if (error == StreamError::kNoMemory) environment_.counters.out_of_buffers.add();
  untold_ = error;
  lower_->abort();
  let_go_of_lower();
}

void SecureStream::count_protocol_failure() {
  // OpenSSL reports a fatal alert of the peer's as an error with this offset.
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  const bool alert =
      ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET;
  if (alert) {
    environment_.counters.alerts_received.add();
  } else if (phase_ == Phase::kOpen) {
    environment_.counters.records_rejected.add();
  }
}

void SecureStream::let_go_of_lower() {
  if (phase_ == Phase::kHandshake) environment_.counters.handshakes_failed.add();
  if (lingering_) environment_.counters.lingering.subtract();
  lower_ = nullptr;
  queued_.clear();
  environment_.graveyard.bury(std::unique_ptr<Mortal>(this));
}

wire::Endpoint SecureStream::local() const {
  return lower_ == nullptr ? wire::Endpoint{} : lower_->local();
}
wire::Endpoint SecureStream::remote() const {
  return lower_ == nullptr ? wire::Endpoint{} : lower_->remote();
}

}  // namespace sluice::tls
