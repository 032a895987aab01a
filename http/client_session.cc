#include "http/client_session.h"

#include <utility>

#include "http/chunked_encoder.h"
#include "http/error_response.h"
#include "http/forwarded_head.h"
#include "http/turn.h"

namespace sluice::http {

ClientSession::ClientSession(ProxyCore& core, FrontendId frontend, bool secure)
    : core_(core),
      counters_(core.frontend_counters[frontend.index()]),
      frontend_(frontend),
      secure_(secure) {}

ClientSession::~ClientSession() = default;

void ClientSession::start(Stream& stream) {
  stream_ = &stream;
  core_.sessions.push_back(*this);
  counters_.sessions.enter();
  state_ = secure_ ? State::kHandshake : State::kWaiting;
  arm(secure_ ? timeouts().handshake : timeouts().request);
}

void ClientSession::drain() {
  if (between_requests()) end(Ending::kClose);
}

bool ClientSession::between_requests() const {
  return state_ == State::kWaiting && !reader_.started() && input_.empty();
}

void ClientSession::destroy() {
  end(Ending::kReset);
}

// --- What the stream tells

void ClientSession::on_open() {
  if (state_ != State::kHandshake) return;
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
      end(Ending::kClose);
      break;
    case State::kExchange:
      if (turn_->body_complete) break;
      counters_.request_errors.add();
      turn_->exchange.cancel(Exchange::Cancel::kClientGone);
      answer(400, true);
      break;
    case State::kHandshake:
    case State::kLingering:
      end(Ending::kClose);
      break;
    case State::kClosed:
      break;
  }
}

void ClientSession::on_acknowledged(std::size_t /*bytes*/) {
  if (state_ == State::kExchange) {
    arm(timeouts().idle);
    turn_->exchange.client_acknowledged(stream_->unacknowledged());
  } else if (state_ == State::kWaiting && !input_.empty()) {
    arm(timeouts().idle);
    process();
  }
}

void ClientSession::on_failure(StreamError /*error*/) {
  stream_ = nullptr;
  if (state_ == State::kHandshake) counters_.handshake_failures.add();
  if (state_ == State::kExchange) counters_.client_aborts.add();
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
    answer(408, true);
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
    end(Ending::kReset);
  } else if (owes_body) {
    counters_.request_errors.add();
    answer(408, true);
  } else {
    arm(timeouts().idle);
  }
}

// --- Requests

// Reads requests until one has to be waited for. An exchange that ends before its start() returns
// comes back here through end_turn(), and is taken up by the loop rather than by recursion.
void ClientSession::process() {
  if (processing_) return;
  processing_ = true;
  while (state_ == State::kWaiting && !input_.empty() && may_begin()) read_request();
  processing_ = false;
  if (state_ == State::kWaiting && input_ended_ && input_.empty()) end(Ending::kClose);
}

bool ClientSession::may_begin() const {
  return stream_->unacknowledged() <= kMaxPending;
}

void ClientSession::read_request() {
  const Frontend* frontend = core_.frontend(frontend_);
  const std::size_t limit =
      frontend == nullptr ? ClientLimits{}.head_bytes : frontend->limits.head_bytes;
  const std::size_t before = input_.size();
  const HeadReader::Status status = reader_.read(input_, limit, true);
  consume(before - input_.size());
  switch (status) {
    case HeadReader::Status::kComplete:
      begin_turn();
      break;
    case HeadReader::Status::kIncomplete:
      if (!head_begun_) {
        head_begun_ = true;
        arm(timeouts().request);
      }
      break;
    case HeadReader::Status::kTooLong:
      refuse(HeadError::kHeadTooLong);
      break;
    case HeadReader::Status::kLineTooLong:
      refuse(HeadError::kTargetTooLong);
      break;
    case HeadReader::Status::kBareLineEnd:
      refuse(HeadError::kBareLineEnd);
      break;
    case HeadReader::Status::kEmptyLines:
      refuse(HeadError::kBadStartLine);
      break;
  }
}

void ClientSession::begin_turn() {
  head_begun_ = false;
  ++requests_;
  counters_.requests.add();
  turn_ = core_.make_turn();
  Turn& turn = *turn_;
  const std::size_t before = input_.size();
  turn.head = reader_.take(input_, core_.pool());
  consume(before - input_.size());
  state_ = State::kExchange;

  const Frontend* frontend = core_.frontend(frontend_);
  if (frontend == nullptr) return answer(503, true);  // removed by a reload
  RequestHead request;
  const HeadError error =
      core_.request_parser.parse_request(turn.head.view(), frontend->limits.header_fields, request);
  if (error != HeadError::kNone) return refuse(error);
  turn.version = request.version;
  turn.to_head = request.method == Method::kHead;
  turn.client_keeps_alive = request.keeps_alive();
  turn.has_body = request.framing.kind != BodyFraming::Kind::kNone;
  turn.awaits_continue = turn.has_body && request.expects_continue;
  turn.request_body = BodyDecoder(request.framing);
  turn.body_complete = !turn.has_body;
  arm(timeouts().idle);
  begin_exchange(*frontend, request);
}

// What has come of the body is read before anything goes to a backend, so that a message which is
// broken as far as it has come is not begun there.
void ClientSession::begin_exchange(const Frontend& frontend, const RequestHead& request) {
  Turn& turn = *turn_;
  // CONNECT would make a tunnel, and TRACE would show a page's script the fields that browsers and
  // proxies add, credentials among them: neither belongs on a reverse proxy.
  if (request.method == Method::kConnect || request.method == Method::kTrace) {
    counters_.denied.add();
    return answer(405, request.method == Method::kConnect || turn.has_body);
  }
  const std::uint64_t limit = frontend.limits.body_bytes;
  if (limit != 0 && request.framing.length > limit) return refuse_body(Decoded::kTooLarge);
  if (turn.has_body) {
    const Decoded decoded = decode_body();
    if (decoded != Decoded::kFine) return refuse_body(decoded);
  }
  turn.exchange.start(
      *this, {.frontend = frontend_, .client = stream_->remote().address, .secure = secure_},
      frontend, request, turn.head.view());
  if (state_ == State::kExchange && turn_.get() == &turn) forward_body();
}

// The framing is not to be trusted from here on, so neither is anything behind it.
void ClientSession::refuse(HeadError error) {
  core_.counters.refused_requests[static_cast<std::size_t>(error)].add();
  counters_.request_errors.add();
  answer(status_of(error), true);
}

// --- Request bodies

void ClientSession::pump_body() {
  const Decoded decoded = decode_body();
  if (decoded == Decoded::kFine) {
    forward_body();
  } else {
    refuse_body(decoded);
  }
}

// Takes what belongs to the body out of the input.
ClientSession::Decoded ClientSession::decode_body() {
  Turn& turn = *turn_;
  if (turn.body_complete) return Decoded::kFine;
  const std::size_t before = input_.size();
  const std::size_t waiting = turn.waiting_body.size();
  const BodyDecoder::Status status =
      turn.request_body.decode(input_, turn.waiting_body, core_.pool());
  const std::size_t decoded = turn.waiting_body.size() - waiting;
  turn.request_window.forwarded(before - input_.size());
  if (before != input_.size()) turn.awaits_continue = false;
  turn.body_bytes += decoded;
  const Frontend* frontend = core_.frontend(frontend_);
  const std::uint64_t limit = frontend == nullptr ? 0 : frontend->limits.body_bytes;
  if (limit != 0 && turn.body_bytes > limit) return Decoded::kTooLarge;
  switch (status) {
    case BodyDecoder::Status::kMore:
      break;
    case BodyDecoder::Status::kDone:
      turn.body_complete = true;
      break;
    case BodyDecoder::Status::kBad:
      return Decoded::kBad;
    case BodyDecoder::Status::kNoBuffers:
      return Decoded::kNoBuffers;
  }
  return Decoded::kFine;
}

// Hands over what is decoded as soon as the backend's connection is open, and opens the client's
// window as far as the backend has acknowledged.
void ClientSession::forward_body() {
  Turn& turn = *turn_;
  if (!turn.has_body) {
    if (!std::exchange(turn.body_ended, true)) turn.exchange.end_body();
    return;
  }
  if (!turn.exchange.takes_body()) return;
  turn.exchange.send_body(std::exchange(turn.waiting_body, ByteChain()));
  if (state_ != State::kExchange || turn_.get() != &turn) return;
  if (turn.body_complete && !std::exchange(turn.body_ended, true)) {
    turn.exchange.end_body();
    if (state_ != State::kExchange || turn_.get() != &turn) return;
  }
  consume(turn.request_window.release(turn.exchange.backend_pending()));
}

void ClientSession::refuse_body(Decoded why) {
  turn_->exchange.cancel(Exchange::Cancel::kAnsweredOtherwise);
  switch (why) {
    case Decoded::kBad:
      core_.counters.bad_request_bodies.add();
      counters_.request_errors.add();
      answer(400, true);
      break;
    case Decoded::kTooLarge:
      counters_.request_errors.add();
      answer(413, true);
      break;
    case Decoded::kNoBuffers:
      core_.counters.out_of_buffers.add();
      answer(503, true);
      break;
    case Decoded::kFine:
      break;
  }
}

void ClientSession::on_backend_progress() {
  if (state_ == State::kExchange) forward_body();
}

// --- Responses

void ClientSession::on_interim_response(const ResponseHead& head) {
  Turn& turn = *turn_;
  turn.awaits_continue = false;
  arm(timeouts().idle);
  if (turn.version == Version::kHttp10) return;  // RFC 9110 section 15.2
  ByteChain bytes = write_response_head(head, {.via_name = via_name()}, core_.pool());
  if (bytes.empty()) return;  // nothing depends on it
  counters_.responses.count(head.status);
  send(std::move(bytes));
}

// Decides how the response is framed for this client and whether the connection outlives it.
void ClientSession::on_response(const ResponseHead& head) {
  Turn& turn = *turn_;
  turn.responding = true;
  turn.awaits_continue = false;
  const bool unknown_length = head.framing.kind == BodyFraming::Kind::kChunked ||
                              head.framing.kind == BodyFraming::Kind::kUntilClose;
  turn.response_chunked = unknown_length && turn.version == Version::kHttp11;
  const Frontend* frontend = core_.frontend(frontend_);
  const std::uint32_t most = frontend == nullptr ? 1 : frontend->limits.requests_per_connection;
  turn.close_after = !turn.client_keeps_alive || core_.draining || !turn.body_complete ||
                     (input_ended_ && input_.empty()) ||
                     (unknown_length && !turn.response_chunked) || (most != 0 && requests_ >= most);
  ByteChain bytes = write_response_head(head,
                                        {.via_name = via_name(),
                                         .client_version = turn.version,
                                         .close = turn.close_after,
                                         .chunked = turn.response_chunked},
                                        core_.pool());
  if (bytes.empty()) {
    core_.counters.out_of_buffers.add();
    end(Ending::kReset);
    return;
  }
  counters_.responses.count(head.status);
  arm(timeouts().idle);
  send(std::move(bytes));
}

void ClientSession::on_response_body(ByteChain data) {
  if (!turn_->response_chunked) return send(std::move(data));
  ByteChain chunk;
  if (!append_chunk(chunk, std::move(data), core_.pool())) {
    core_.counters.out_of_buffers.add();
    end(Ending::kReset);
    return;
  }
  send(std::move(chunk));
}

void ClientSession::on_response_end() {
  if (turn_->response_chunked) {
    ByteChain last;
    if (!append_last_chunk(last, core_.pool())) {
      core_.counters.out_of_buffers.add();
      end(Ending::kReset);
      return;
    }
    send(std::move(last));
  }
  end_turn();
}

void ClientSession::on_exchange_failed(unsigned status) {
  answer(status, false);
}

void ClientSession::on_response_broken() {
  end(Ending::kReset);
}

// A response of our own. The connection ends behind it if asked to, or if the request's body is not
// known to end where it should.
void ClientSession::answer(unsigned status, bool close) {
  if (turn_ == nullptr) {  // refused before a head was whole
    turn_ = core_.make_turn();
    state_ = State::kExchange;
    counters_.requests.add();
  }
  Turn& turn = *turn_;
  turn.exchange.cancel(Exchange::Cancel::kAnsweredOtherwise);
  if (turn.responding) return end(Ending::kReset);
  const bool last = close || !turn.body_complete || !turn.client_keeps_alive || core_.draining ||
                    turn.version == Version::kHttp10;
  turn.responding = turn.close_after = true;
  turn.close_after = last;
  ByteChain bytes = write_error_response(status, last, turn.to_head, core_.pool());
  if (bytes.empty()) return end(Ending::kReset);
  counters_.responses.count(status);
  send(std::move(bytes));
  end_turn();
}

void ClientSession::send(ByteChain data) {
  counters_.bytes_out.add(data.size());
  stream_->send(std::move(data));
}

// The response is complete. Who announced the end decides how it comes: a client that did sends
// nothing more; any other may, and must be read for a while.
void ClientSession::end_turn() {
  const Turn& turn = *turn_;
  const bool close = turn.close_after;
  const bool quiet = turn.body_complete && !turn.client_keeps_alive && input_.empty();
  give_back_turn();
  if (!close) {
    state_ = State::kWaiting;
    arm(timeouts().keep_alive);
    process();
    // The response may have been begun, and promised to keep the connection, before the drain: the
    // next request may be on its way.
    if (core_.draining && between_requests()) linger();
  } else if (quiet || input_ended_) {
    end(Ending::kClose);
  } else {
    linger();
  }
}

void ClientSession::give_back_turn() {
  if (turn_ == nullptr) return;
  consume(turn_->request_window.release_all());
  core_.give_back(std::exchange(turn_, nullptr));
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
  if (turn_ != nullptr) turn_->exchange.cancel(Exchange::Cancel::kClientGone);
  Stream* stream = std::exchange(stream_, nullptr);
  give_back_turn();
  state_ = State::kClosed;
  disarm();
  counters_.sessions.leave();
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
