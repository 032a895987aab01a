#include "http/client_session.h"

#include <utility>

#include "http/access_log/client_note.h"
#include "http/turn.h"
#include "tls/secure_stream.h"

namespace sluice::http {

ClientSession::ClientSession(ProxyCore& core, FrontendId frontend, bool secure)
    : core_(core),
      counters_(core.frontend_counters[frontend.index()]),
      frontend_(frontend),
      secure_(secure) {}

ClientSession::~ClientSession() = default;

bool ClientSession::start(Stream& stream) {
  stream_ = &stream;
  core_.sessions.push_back(*this);
  core_.enter_frontend(frontend_);
  access_note_ = note_client(core_, frontend_, stream);
  state_ = secure_ ? State::kHandshake : State::kWaiting;
  arm(secure_ ? timeouts().handshake : timeouts().request);
  return true;
}

std::string_view ClientSession::tls_version() const {
  return secure_ ? static_cast<const tls::SecureStream*>(stream_)->negotiated_version()
                 : std::string_view();
}

void ClientSession::drain() {
  if (between_requests()) end(Ending::kClose);
}

bool ClientSession::between_requests() const {
  return state_ == State::kWaiting && !reader_.started() && input_.empty();
}

void ClientSession::destroy() {
  note_end(EndedBy::kKilled);
  end(Ending::kReset);
}

// --- What the stream tells

void ClientSession::on_open() {
  if (state_ != State::kHandshake) return;
  peer_ = static_cast<tls::SecureStream*>(stream_)->take_peer_identity();
  if (access_note_ != nullptr) note_handshake(*access_note_, *stream_);
  state_ = State::kWaiting;
  arm(timeouts().request);
}

void ClientSession::on_data(ByteChain data) {
  counters_.bytes_in.add(data.size());
  switch (state_) {
    case State::kWaiting:
      input_.append(std::move(data));
      process();
      break;
    case State::kExchange:
      input_.append(std::move(data));
      if (turn_->body_complete) break;
      arm(timeouts().idle);
      pump_body();
      break;
    case State::kLingering:
      if (data.size() > linger_left_) {
        core_.counters.lingering_timeouts.add();
        end(Ending::kClose);
        break;
      }
      linger_left_ -= static_cast<std::uint32_t>(data.size());
      consume(data.size());
      break;
    case State::kHandshake:
    case State::kTunnel:
    case State::kClosed:
      break;
  }
}

void ClientSession::on_end() {
  input_ended_ = true;
  switch (state_) {
    case State::kWaiting:
      if (!input_.empty()) break;  // responses are still owed; see may_begin()
      if (reader_.started()) counters_.request_errors.add();
      log_cut_head();
      end(Ending::kClose);
      break;
    case State::kExchange:
      if (turn_->body_complete) break;
      counters_.request_errors.add();
      note_end(EndedBy::kClient);
      turn_->exchange.cancel(Exchange::Cancel::kClientGone);
      answer(400, true, EndedBy::kClient);
      break;
    case State::kHandshake:
    case State::kLingering:
      end(Ending::kClose);
      break;
    case State::kTunnel:
    case State::kClosed:
      break;
  }
}

void ClientSession::on_acknowledged(std::size_t /*bytes*/) {
  if (state_ == State::kExchange) {
    arm(timeouts().idle);
    turn_->exchange.client_acknowledged(stream_->unacknowledged(), stream_->starves());
  } else if (state_ == State::kWaiting && !input_.empty()) {
    arm(timeouts().idle);
    process();
  }
}

void ClientSession::on_failure(StreamError error) {
  stream_ = nullptr;
  if (state_ == State::kHandshake) counters_.handshake_failures.add();
  if (state_ == State::kExchange) counters_.client_aborts.add();
  if (state_ == State::kWaiting) log_cut_head();
  note_end(ender_of(error));
  end(Ending::kReset);
}

// --- Time

void ClientSession::arm(Duration delay) {
  core_.environment.wheel.arm_after(*this, delay);
}

void ClientSession::on_timer(Instant /*now*/) {
  switch (state_) {
    case State::kHandshake:
      counters_.handshake_failures.add();
      end(Ending::kReset);
      break;
    case State::kWaiting:
      on_waiting_timer();
      break;
    case State::kExchange:
      on_exchange_timer();
      break;
    case State::kLingering:
      core_.counters.lingering_timeouts.add();
      end(Ending::kClose);
      break;
    case State::kTunnel:
    case State::kClosed:
      break;
  }
}

// Silence where nothing of a request has come: 408 there could be taken for the answer to a request
// that is on its way (RFC 9110 section 15.5.9 allows either).
void ClientSession::on_waiting_timer() {
  if (!input_.empty()) {
    end(Ending::kReset);  // it asks, and does not take the answers
  } else if (head_begun_) {
    counters_.request_errors.add();
    answer(408, true, EndedBy::kClientTimeout);
  } else {
    end(Ending::kClose);
  }
}

// The client is late if it has everything to go on and does not: it owes acknowledgments, or the
// body of its request while nothing of it waits for the backend. Otherwise the backend has its own
// timer.
void ClientSession::on_exchange_timer() {
  Turn& turn = *turn_;
  const bool owes_acknowledgment = stream_->unacknowledged() > 0;
  const bool owes_body = !turn.body_complete && turn.exchange.takes_body() &&
                         turn.request_window.held() == 0 && !turn.awaits_continue;
  if (owes_acknowledgment) {
    counters_.client_aborts.add();
    note_end(EndedBy::kClientTimeout);
    end(Ending::kReset);
  } else if (owes_body) {
    counters_.request_errors.add();
    answer(408, true, EndedBy::kClientTimeout);
  } else {
    arm(timeouts().idle);
  }
}

// --- The end

void ClientSession::linger() {
  state_ = State::kLingering;
  linger_left_ = kLingerBytes;
  consume(input_.size());
  input_.clear();
  stream_->finish();
  arm(kLingerTime);
}

void ClientSession::end(Ending ending) {
  if (state_ == State::kClosed) return;
  if (state_ == State::kTunnel) {
    stream_ = nullptr;
    turn_->tunnel->abort();
  }
  if (turn_ != nullptr) turn_->exchange.cancel(Exchange::Cancel::kClientGone);
  Stream* stream = std::exchange(stream_, nullptr);
  give_back_turn();
  state_ = State::kClosed;
  disarm();
  core_.leave_frontend(frontend_);
  core_.sessions.remove(*this);
  core_.environment.graveyard.bury(std::unique_ptr<Mortal>(this));
  if (stream == nullptr) return;
  if (ending == Ending::kClose) {
    stream->close();
  } else {
    stream->abort();
  }
}

void ClientSession::consume(std::size_t bytes) {
  if (bytes != 0 && stream_ != nullptr) stream_->consume(bytes);
}

}  // namespace sluice::http
