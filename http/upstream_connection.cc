#include "http/upstream_connection.h"

#include <utility>

#include "http/upgrade.h"
#include "http/upstream_pool.h"
#include "tls/client/certificate_fault.h"

namespace sluice::http {
namespace {

// Fields of a response; a server's own limit is its head's size.
constexpr std::size_t kMaxResponseFields = 512;

}  // namespace

UpstreamConnection::UpstreamConnection(UpstreamPool& pool, UpstreamServer& server)
    : pool_(pool), server_(server), tls_(server.tls), remote_(server.address) {}

bool UpstreamConnection::connect(StreamNetwork& network) {
  stream_ = network.connect(remote_, *this);
  if (stream_ == nullptr || (tls_ != nullptr && !start_tls())) return false;
  server_.counters.connections_opened.add();
  server_.backend_counters->connections_opened.add();
  idle_since_ = pool_.environment().clock.now();  // until it is open: when connecting began
  arm(server_.timeouts.connect);
  return true;
}

bool UpstreamConnection::start_tls() {
  secure_ = tls_->connect(*stream_, *this, pool_.tls());
  if (secure_ == nullptr) {
    std::exchange(stream_, nullptr)->abort();
    return false;
  }
  stream_ = secure_;
  return true;
}

void UpstreamConnection::assign(UpstreamUser& user, const Request& request) {
  user_ = &user;
  ++requests_;
  interim_ = 0;
  to_head_ = request.to_head;
  awaits_continue_ = request.expects_continue;
  upgrade_ = request.upgrade;
  acknowledged_ = request_sent_ = response_begun_ = head_done_ = keep_ = false;
  if (state_ != State::kIdle) return;
  state_ = State::kBusy;
  arm_for_response();
}

void UpstreamConnection::send(ByteChain data) {
  if (stream_ == nullptr) return;
  server_.counters.bytes_in.add(data.size());
  server_.backend_counters->bytes_in.add(data.size());
  if (opened() && !head_done_) arm_for_response();
  stream_->send(std::move(data));
}

void UpstreamConnection::request_sent() {
  request_sent_ = true;
  if (opened() && !head_done_) arm_for_response();
}

void UpstreamConnection::release(std::size_t pending, bool starves) {
  if (starves && stream_ != nullptr) stream_->widen();
  consume(window_.release(pending));
}

void UpstreamConnection::abandon() {
  user_ = nullptr;
  shut(Ending::kReset);
}

UpstreamStream UpstreamConnection::hand_over() {
  keep_session();
  const std::size_t before = input_.size();
  reader_.drop(input_);
  consume(before - input_.size());
  UpstreamStream given{.stream = std::exchange(stream_, nullptr),
                       .secure = std::exchange(secure_, nullptr),
                       .tls = tls_,
                       .received = std::move(input_)};
  user_ = nullptr;
  shut(Ending::kClose);
  return given;
}

std::size_t UpstreamConnection::unacknowledged() const {
  return stream_ == nullptr ? 0 : stream_->unacknowledged();
}

bool UpstreamConnection::starves() const {
  return stream_ != nullptr && stream_->starves();
}

void UpstreamConnection::become_idle(Duration time) {
  state_ = State::kIdle;
  idle_since_ = pool_.environment().clock.now();
  arm(time);
}

void UpstreamConnection::close_idle() {
  shut(Ending::kClose);
}

void UpstreamConnection::destroy() {
  user_ = nullptr;
  shut(Ending::kReset);
}

void UpstreamConnection::on_open() {
  state_ = State::kBusy;
  const Duration taken = pool_.environment().clock.now() - idle_since_;
  server_.counters.connect_time.add(taken);
  server_.backend_counters->connect_time.add(taken);
  pool_.connect_succeeded(server_);
  if (secure_ != nullptr) handshake_done();
  arm_for_response();
  if (user_ != nullptr) user_->on_upstream_open();
}

void UpstreamConnection::handshake_done() {
  server_.counters.handshakes.add();
  server_.backend_counters->handshakes.add();
  if (secure_->resumed()) {
    server_.counters.handshakes_resumed.add();
    server_.backend_counters->handshakes_resumed.add();
  }
  keep_session();
}

// With TLS 1.3 sessions come at any time.
void UpstreamConnection::keep_session() {
  if (secure_ != nullptr) tls_->keep_session(*secure_);
}

void UpstreamConnection::on_data(ByteChain data) {
  server_.counters.bytes_out.add(data.size());
  server_.backend_counters->bytes_out.add(data.size());
  // What a server sent before it had any of this request is no answer to it, but to nothing: a 408
  // of an idle connection, say, that crosses with the request.
  const bool crossed = reused() && !acknowledged_;
  if (user_ == nullptr || crossed) {
    pool_.counters().unsolicited.add();
    fail(UpstreamFailure::kEndedEarly);
    return;
  }
  response_begun_ = true;
  input_.append(std::move(data));
  if (head_done_) arm(server_.timeouts.idle);
  read_response();
}

void UpstreamConnection::on_end() {
  if (user_ == nullptr) {
    shut(Ending::kClose);
  } else if (head_done_ && body_.kind() == BodyFraming::Kind::kUntilClose) {
    complete();
  } else {
    fail(response_begun_ ? UpstreamFailure::kBrokeOff : UpstreamFailure::kEndedEarly);
  }
}

void UpstreamConnection::on_acknowledged(std::size_t /*bytes*/) {
  if (user_ == nullptr) return;
  acknowledged_ = true;
  if (!request_sent_) arm(server_.timeouts.idle);
  user_->on_upstream_acknowledged();
}

void UpstreamConnection::on_failure(StreamError error) {
  keep_session();
  const bool refused = handshake_failed(error);
  if (refused) note_handshake_failure(secure_->failure());
  stream_ = secure_ = nullptr;
  if (refused) {
    pool_.connect_failed(server_);
    fail(UpstreamFailure::kHandshake);
  } else if (state_ == State::kConnecting && error == StreamError::kNoMemory) {
    fail(UpstreamFailure::kNoBuffers);
  } else if (state_ == State::kConnecting) {
    pool_.connect_failed(server_);
    fail(UpstreamFailure::kConnect);
  } else if (user_ == nullptr) {
    shut(Ending::kReset);
  } else {
    fail(response_begun_ ? UpstreamFailure::kBrokeOff : UpstreamFailure::kEndedEarly);
  }
}

// An error that an open TCP connection has before TLS is there comes from the handshake, and so
// does an alert in the place of the first answer.
bool UpstreamConnection::handshake_failed(StreamError error) const {
  if (secure_ == nullptr) return false;
  if (state_ == State::kConnecting) {
    return error == StreamError::kProtocol || error == StreamError::kTruncated ||
           error == StreamError::kReset;
  }
  return requests_ == 1 && !response_begun_ && refused_handshake(*secure_);
}

void UpstreamConnection::note_handshake_failure(const tls::Failure& failure) {
  tls_->forget_sessions();
  server_.counters.last_handshake_failure.set(tls::packed(failure));
  server_.counters.handshake_failures.add();
  server_.backend_counters->handshake_failures.add();
  if (failure.kind != tls::Failure::Kind::kCertificate) return;
  const auto fault = static_cast<std::size_t>(tls::certificate_fault(failure));
  pool_.counters().refused_certificates[fault].add();
}

void UpstreamConnection::on_timer(Instant now) {
  switch (state_) {
    case State::kConnecting:
      pool_.connect_failed(server_);
      fail(UpstreamFailure::kConnectTimeout);
      break;
    case State::kIdle:
      shut(Ending::kClose);
      break;
    case State::kBusy:
      on_busy_timer(now);
      break;
    case State::kClosed:
      break;
  }
}

// A server is late only where it is its turn: not while the client sends its body slowly, and not
// while the window is shut because the client takes the response slowly.
void UpstreamConnection::on_busy_timer(Instant /*now*/) {
  const bool request_stalls = !request_sent_ && !awaits_continue_ && unacknowledged() == 0;
  const bool clients_turn = request_stalls || (head_done_ && window_.held() > 0);
  if (clients_turn) {
    arm(server_.timeouts.idle);
  } else {
    fail(UpstreamFailure::kTimeout);
  }
}

void UpstreamConnection::arm(Duration delay) {
  pool_.environment().wheel.arm_after(*this, delay);
}

// While the request is being sent, any progress counts; behind it, the response is due. A client
// that waits for a 100 has sent all it will.
void UpstreamConnection::arm_for_response() {
  arm(request_sent_ || awaits_continue_ ? server_.timeouts.response : server_.timeouts.idle);
}

void UpstreamConnection::read_response() {
  while (user_ != nullptr && !head_done_) {
    if (!read_head()) return;
  }
  if (user_ != nullptr) read_body();
}

// Reads one head. False when there is none yet, or the user is gone.
bool UpstreamConnection::read_head() {
  const std::size_t before = input_.size();
  const HeadReader::Status status = reader_.read(input_, server_.head_limit, false);
  consume(before - input_.size());
  if (status == HeadReader::Status::kIncomplete) return false;
  HeadError error = HeadError::kNone;
  ResponseHead head;
  if (status == HeadReader::Status::kBareLineEnd) {
    error = HeadError::kBareLineEnd;
  } else if (status != HeadReader::Status::kComplete) {
    error = HeadError::kHeadTooLong;
  } else {
    error = pool_.parser().parse_response(reader_.head(input_), kMaxResponseFields, to_head_, head);
  }
  if (error == HeadError::kNone) error = fault_of(head);
  if (error != HeadError::kNone) {
    pool_.counters().refused_responses[static_cast<std::size_t>(error)].add();
    const bool whole = status == HeadReader::Status::kComplete;
    pool_.refused_responses().note(server_.backend,
                                   {.error = error,
                                    .at = pool_.environment().clock.now(),
                                    .peer = remote_,
                                    .server = server_.id},
                                   whole ? reader_.head(input_) : reader_.so_far(input_));
    fail(UpstreamFailure::kBadResponse);
    return false;
  }
  return take_head(head);
}

// What is wrong with a head that would be good elsewhere.
HeadError UpstreamConnection::fault_of(const ResponseHead& head) {
  if (!head.interim()) return HeadError::kNone;
  const bool good = head.status == 101 ? request_sent_ && was_asked_for(head.upgrade, upgrade_)
                                       : ++interim_ <= kMaxInterim;
  return good ? HeadError::kNone : HeadError::kBadStartLine;
}

// Hands a head to the user, which may abandon the connection meanwhile, and takes it out of the
// input. An interim one is followed by another head.
bool UpstreamConnection::take_head(const ResponseHead& head) {
  awaits_continue_ = false;
  if (head.status == 101) {
    user_->on_upstream_switch(head);
  } else if (head.interim()) {
    user_->on_upstream_interim(head);
  } else {
    head_done_ = true;
    body_ = BodyDecoder(head.framing);
    keep_ = head.keeps_alive() && head.framing.kind != BodyFraming::Kind::kUntilClose;
    arm(server_.timeouts.idle);
    user_->on_upstream_head(head);
  }
  if (user_ == nullptr) return false;
  const std::size_t before = input_.size();
  reader_.drop(input_);
  consume(before - input_.size());
  return true;
}

void UpstreamConnection::read_body() {
  ByteChain data;
  const std::size_t before = input_.size();
  const BodyDecoder::Status status = body_.decode(input_, data, pool_.environment().pool);
  const std::size_t taken = before - input_.size();
  if (data.empty()) {
    consume(taken);
  } else {
    window_.forwarded(taken);
    user_->on_upstream_body(std::move(data));
    if (user_ == nullptr) return;
  }
  switch (status) {
    case BodyDecoder::Status::kMore:
      break;
    case BodyDecoder::Status::kDone:
      complete();
      break;
    case BodyDecoder::Status::kBad:
      pool_.counters().bad_response_bodies.add();
      fail(UpstreamFailure::kBadResponse);
      break;
    case BodyDecoder::Status::kNoBuffers:
      pool_.counters().out_of_buffers.add();
      fail(UpstreamFailure::kNoBuffers);
      break;
  }
}

// The response is whole. The last thing this does is to tell the user, who may start the next
// exchange on this very connection.
void UpstreamConnection::complete() {
  UpstreamUser& user = *std::exchange(user_, nullptr);
  consume(window_.release_all());
  keep_session();
  if (!input_.empty()) pool_.counters().unsolicited.add();
  const bool request_done = request_sent_ && unacknowledged() == 0;
  if (keep_ && request_done && input_.empty()) {
    pool_.keep(*this);
  } else {
    shut(request_sent_ && input_.empty() ? Ending::kClose : Ending::kReset);
  }
  user.on_upstream_end();
}

void UpstreamConnection::fail(UpstreamFailure failure) {
  UpstreamUser* user = std::exchange(user_, nullptr);
  shut(Ending::kReset);
  if (user != nullptr) user->on_upstream_failure(failure);
}

void UpstreamConnection::consume(std::size_t bytes) {
  if (bytes != 0 && stream_ != nullptr) stream_->consume(bytes);
}

void UpstreamConnection::shut(Ending ending) {
  if (state_ == State::kClosed) return;
  keep_session();
  secure_ = nullptr;
  Stream* stream = std::exchange(stream_, nullptr);
  disarm();
  pool_.forget(*this);
  state_ = State::kClosed;
  if (stream == nullptr) return;
  if (ending == Ending::kClose) {
    stream->close();
  } else {
    stream->abort();
  }
}

}  // namespace sluice::http
