#include "bench/load/client.h"

#include <cstring>
#include <span>
#include <string_view>
#include <utility>

namespace sluice::load {
namespace {

constexpr unsigned kFirstGoodStatus = 200;
constexpr unsigned kLastGoodStatus = 399;

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Whether a chain holds what `expected` holds from `offset` on.
bool same_bytes(const ByteChain& chain, const std::string& expected, std::uint64_t offset) {
  if (offset + chain.size() > expected.size()) return false;
  const char* next = expected.data() + offset;
  for (const rte_mbuf* buffer = chain.head(); buffer != nullptr; buffer = buffer->next) {
    if (std::memcmp(rte_pktmbuf_mtod(buffer, const char*), next, buffer->data_len) != 0) {
      return false;
    }
    next += buffer->data_len;
  }
  return true;
}

}  // namespace

Client::~Client() {
  if (stream_ == nullptr) return;
  enter(State::kDone);
  stream_->abort();
}

// Keeps the counts of what is open and under way in step with the state.
void Client::enter(State state) {
  Statistics& statistics = core_.statistics;
  const auto busy = [](State of) { return of >= State::kConnecting && of <= State::kWaiting; };
  const auto open = [](State of) { return of > State::kConnecting && of < State::kDone; };
  const auto opening = [](State of) { return of == State::kConnecting || of == State::kHandshake; };
  if (opening(state) != opening(state_)) opening(state) ? ++core_.opening : --core_.opening;
  if (busy(state) != busy(state_)) {
    busy(state) ? statistics.in_flight.add() : statistics.in_flight.subtract();
  }
  if (open(state) != open(state_)) open(state) ? statistics.open.add() : statistics.open.subtract();
  if (state_ == State::kIdle) core_.owner.on_busy(*this);
  state_ = state;
}

void Client::connect(Instant due) {
  due_ = due;
  sent_at_ = core_.clock.now();
  core_.statistics.connections_started.add();
  stream_ = core_.stack.connect_from(core_.owner.next_source(target_.server.address),
                                     target_.server, *this);
  if (stream_ == nullptr) {
    fail(core_.stack.full() ? Failure::kNoMemory : Failure::kNoLocalPort);
    return;
  }
  enter(State::kConnecting);
  core_.timers.arm(*this, sent_at_ + core_.settings.connect_timeout);
}

// Of the TCP connection, and once more when TLS is there.
void Client::on_open() {
  Statistics& statistics = core_.statistics;
  const Duration taken = core_.clock.now() - sent_at_;
  if (state_ == State::kHandshake) {
    statistics.handshakes.add();
    statistics.handshake.record(taken);
    if (secure_->resumed()) statistics.handshakes_resumed.add();
    opened();
    return;
  }
  statistics.connections_opened.add();
  statistics.connect.record(taken);
  const bool speaks_tls = target_.secure && core_.settings.mode != Mode::kConnect;
  speaks_tls ? begin_handshake() : opened();
}

void Client::begin_handshake() {
  enter(State::kHandshake);
  sent_at_ = core_.clock.now();
  if (core_.settings.mode == Mode::kResume) offered_session_ = core_.sessions.take(target_);
  secure_ = tls::connect(
      *stream_, *core_.tls_context,
      {.server_name = server_name(), .session = offered_session_.get(), .lower_is_open = true},
      *this, core_.tls);
  if (secure_ == nullptr) {
    fail(Failure::kNoMemory);
    return;
  }
  stream_ = secure_;
  core_.timers.arm(*this, sent_at_ + core_.settings.connect_timeout);
}

std::string Client::server_name() {
  if (target_.host.fixed()) return target_.host.text();
  return target_.host.filled({.connection = number_, .request = 0, .random = core_.random});
}

void Client::opened() {
  if (!core_.settings.asks_nothing()) {
    request(due_);
    return;
  }
  core_.statistics.total.record(core_.clock.now() - due_);
  enter(State::kClosing);
  close();
}

void Client::request(Instant due) {
  due_ = due;
  sent_at_ = core_.clock.now();
  first_byte_seen_ = wrong_body_ = false;
  body_size_ = 0;
  enter(State::kWaiting);
  reader_.begin(target_.head);
  const TemplateValues values{
      .connection = number_, .request = core_.requests.next(), .random = core_.random};
  const std::string_view text = target_.request.message(values, core_.scratch);
  ByteChain message;
  if (!message.append_copy(bytes_of(text), core_.pool)) {
    fail(Failure::kNoMemory);
    return;
  }
  ++requests_;
  core_.statistics.requests.add();
  core_.timers.arm(*this, sent_at_ + core_.settings.response_timeout);
  stream_->send(std::move(message));
}

void Client::on_data(ByteChain data) {
  stream_->consume(data.size());
  if (state_ != State::kWaiting) {
    // More than was asked for: nothing on this connection can be told apart any more.
    fail(Failure::kBadResponse);
    return;
  }
  note_first_byte();
  input_.append(std::move(data));
  read();
}

void Client::note_first_byte() {
  if (first_byte_seen_) return;
  first_byte_seen_ = true;
  core_.statistics.first_byte.record(core_.clock.now() - sent_at_);
}

void Client::read() {
  ByteChain body;
  const ResponseReader::Status status = reader_.read(input_, body, core_.tools);
  take_body(body);
  if (status == ResponseReader::Status::kIncomplete) return;
  if (status == ResponseReader::Status::kBad) {
    fail(Failure::kBadResponse);
    return;
  }
  if (!input_.empty()) {
    fail(Failure::kBadResponse);
    return;
  }
  answered();
}

void Client::take_body(ByteChain& body) {
  if (body.empty()) return;
  const auto& expected = core_.settings.expectation.body;
  if (expected && !same_bytes(body, *expected, body_size_)) wrong_body_ = true;
  body_size_ += body.size();
  core_.statistics.body_bytes.add(body.size());
}

bool Client::as_expected(Failure& failure) const {
  const Expectation& expected = core_.settings.expectation;
  const unsigned status = reader_.parsed().status;
  const bool good = expected.status ? status == *expected.status
                                    : status >= kFirstGoodStatus && status <= kLastGoodStatus;
  if (!good) {
    failure = Failure::kWrongStatus;
    return false;
  }
  const bool whole = !expected.body || expected.body->size() == body_size_;
  if (wrong_body_ || !whole || (expected.size && *expected.size != body_size_)) {
    failure = Failure::kWrongBody;
    return false;
  }
  return true;
}

// The response is complete. One that is not what was expected is a failure of the request; its
// connection is as good as before.
void Client::answered() {
  Statistics& statistics = core_.statistics;
  const unsigned status = reader_.parsed().status;
  if (status < statistics.statuses.size()) statistics.statuses[status].add();
  statistics.head_bytes.add(reader_.head_size());
  Failure failure{};
  if (as_expected(failure)) {
    statistics.responses.add();
    statistics.total.record(core_.clock.now() - due_);
  } else {
    statistics.failures[static_cast<std::size_t>(failure)].add();
  }
  rest_or_close();
}

void Client::rest_or_close() {
  const Settings& settings = core_.settings;
  const bool wanted =
      settings.keeps_alive() && !core_.stopping &&
      (settings.requests_per_connection == 0 || requests_ < settings.requests_per_connection);
  if (wanted && reader_.parsed().keeps_alive) {
    enter(State::kIdle);
    disarm();
    core_.owner.on_idle(*this);
    return;
  }
  enter(State::kClosing);
  const bool server_closes = settings.closing == Closing::kServer && !settings.keeps_alive();
  if (!server_closes && reader_.parsed().keeps_alive) close();
}

void Client::retire() {
  enter(State::kClosing);
  close();
}

// TLS 1.3 sessions are for one resumption each; those of TLS 1.2 are good again.
void Client::keep_session() {
  if (secure_ == nullptr || core_.settings.mode != Mode::kResume) return;
  auto newest = secure_->take_session();
  const bool again = newest == nullptr && secure_->negotiated_version() == "TLSv1.2";
  core_.sessions.put(target_, std::move(again ? offered_session_ : newest));
}

void Client::close() {
  core_.statistics.connections_closed.add();
  keep_session();
  secure_ = nullptr;
  Stream* stream = std::exchange(stream_, nullptr);
  core_.settings.closing == Closing::kReset ? stream->abort() : stream->close();
  done();
}

void Client::on_end() {
  switch (state_) {
    case State::kIdle:
      if (core_.settings.mode == Mode::kHold) {
        fail(Failure::kLost);
        return;
      }
      close();  // the server does not want to keep it; that is its right
      return;
    case State::kClosing:
      close();
      return;
    case State::kWaiting:
      if (reader_.ends_with_connection()) {
        answered();
        if (state_ == State::kClosing) close();
        return;
      }
      fail(first_byte_seen_ ? Failure::kShortBody : Failure::kClosedEarly);
      return;
    default:
      fail(Failure::kClosedEarly);
  }
}

void Client::on_timer(Instant now) {
  switch (state_) {
    case State::kConnecting:
      fail(Failure::kConnectTimeout);
      return;
    case State::kHandshake:
      fail(Failure::kHandshakeTimeout);
      return;
    case State::kWaiting:
      fail(Failure::kResponseTimeout);
      return;
    case State::kIdle:  // of a held connection
      request(now);
      return;
    default:
      if (stream_ != nullptr) close();
  }
}

void Client::on_failure(StreamError error) {
  if (secure_ != nullptr && error == StreamError::kProtocol) {
    core_.statistics.tls_failures.count(secure_->failure());
  }
  keep_session();
  stream_ = secure_ = nullptr;
  if (state_ == State::kIdle && core_.settings.mode == Mode::kHold) {
    fail(Failure::kLost);
    return;
  }
  if (state_ == State::kClosing || state_ == State::kIdle) {
    // Its answer is there; how the server ends a connection is its business.
    core_.statistics.connections_closed.add();
    done();
    return;
  }
  fail(failure_of(error));
}

Failure Client::failure_of(StreamError error) const {
  switch (error) {
    case StreamError::kRefused:
      return Failure::kRefused;
    case StreamError::kUnreachable:
      return Failure::kUnreachable;
    case StreamError::kTimedOut:
      return state_ == State::kConnecting ? Failure::kConnectTimeout : Failure::kNoAck;
    case StreamError::kReset:
    case StreamError::kShutDown:
      return Failure::kReset;
    case StreamError::kProtocol:
      return state_ == State::kHandshake ? Failure::kHandshake : Failure::kBadTls;
    case StreamError::kTruncated:
      if (state_ == State::kHandshake) return Failure::kHandshake;
      return first_byte_seen_ ? Failure::kShortBody : Failure::kClosedEarly;
    case StreamError::kNoMemory:
      break;
  }
  return Failure::kNoMemory;
}

void Client::fail(Failure failure) {
  core_.statistics.failures[static_cast<std::size_t>(failure)].add();
  secure_ = nullptr;
  if (stream_ != nullptr) std::exchange(stream_, nullptr)->abort();
  done();
}

void Client::done() {
  enter(State::kDone);
  disarm();
  input_.clear();
  core_.owner.on_done(*this);
}

}  // namespace sluice::load
