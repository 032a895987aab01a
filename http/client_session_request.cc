#include "http/client_session.h"

#include <utility>

#include "http/access_log/client_note.h"
#include "http/turn.h"

namespace sluice::http {

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
  if (access_note_ != nullptr && access_note_->began == kNever) access_note_->began = core_.now();
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
      refuse(HeadError::kHeadTooLong, reader_.so_far(input_));
      break;
    case HeadReader::Status::kLineTooLong:
      refuse(HeadError::kTargetTooLong, reader_.so_far(input_));
      break;
    case HeadReader::Status::kBareLineEnd:
      refuse(HeadError::kBareLineEnd, reader_.so_far(input_));
      break;
    case HeadReader::Status::kEmptyLines:
      refuse(HeadError::kBadStartLine, reader_.so_far(input_));
      break;
  }
}

void ClientSession::begin_turn() {
  head_begun_ = false;
  ++requests_;
  counters_.requests.add();
  turn_ = core_.make_turn();
  Turn& turn = *turn_;
  turn.serial = core_.next_serial();
  const std::size_t before = input_.size();
  turn.head = reader_.take(input_, core_.pool());
  consume(before - input_.size());
  turn.note.bytes_in = turn.head.view().size();
  state_ = State::kExchange;

  const Frontend* frontend = core_.frontend(frontend_);
  if (frontend == nullptr) return answer(503, true, EndedBy::kProxy);  // removed by a reload
  RequestHead request;
  const HeadError error =
      core_.request_parser.parse_request(turn.head.view(), frontend->limits.header_fields, request);
  if (error != HeadError::kNone) return refuse(error, turn.head.view());
  if (access_note_ != nullptr) note_request(request);
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
    return answer(405, request.method == Method::kConnect || turn.has_body, EndedBy::kProxy);
  }
  const std::uint64_t limit = frontend.limits.body_bytes;
  if (limit != 0 && request.framing.length > limit) return refuse_body(Decoded::kTooLarge);
  if (turn.has_body) {
    const Decoded decoded = decode_body();
    if (decoded != Decoded::kFine) return refuse_body(decoded);
  }
  const RouteTarget& target = core_.router(frontend.id).find(request.host, request.path);
  if (target.answer != nullptr) return answer_with(*target.answer, request);
  turn.exchange.start(*this,
                      {.frontend = frontend_,
                       .client = stream_->remote().address,
                       .secure = secure_,
                       .tls_version = tls_version(),
                       .serial = turn.serial,
                       .peer = peer_.get()},
                      target.backend, request, turn.head.view());
  if (state_ == State::kExchange && turn_.get() == &turn) forward_body();
}

// The framing is not to be trusted from here on, so neither is anything behind it.
void ClientSession::refuse(HeadError error, std::string_view head) {
  core_.counters.refused_requests[static_cast<std::size_t>(error)].add();
  core_.refused_requests.note(frontend_,
                              {.error = error, .at = core_.now(), .peer = stream_->remote()}, head);
  counters_.request_errors.add();
  answer(status_of(error), true, EndedBy::kProxy);
}

// --- Their bodies

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
  turn.note.bytes_in += before - input_.size();
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
  if (stream_ != nullptr && turn.exchange.backend_starves()) stream_->widen();
  consume(turn.request_window.release(turn.exchange.backend_pending()));
}

void ClientSession::refuse_body(Decoded why) {
  const EndedBy by = why == Decoded::kNoBuffers ? EndedBy::kResource : EndedBy::kProxy;
  note_end(by);
  turn_->exchange.cancel(Exchange::Cancel::kAnsweredOtherwise);
  switch (why) {
    case Decoded::kBad:
      core_.counters.bad_request_bodies.add();
      counters_.request_errors.add();
      answer(400, true, by);
      break;
    case Decoded::kTooLarge:
      counters_.request_errors.add();
      answer(413, true, by);
      break;
    case Decoded::kNoBuffers:
      core_.counters.out_of_buffers.add();
      answer(503, true, by);
      break;
    case Decoded::kFine:
      break;
  }
}

void ClientSession::on_backend_progress() {
  if (state_ == State::kExchange) forward_body();
}

}  // namespace sluice::http
