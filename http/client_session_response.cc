#include "http/client_session.h"

#include <utility>

#include "http/answer.h"
#include "http/chunked_encoder.h"
#include "http/error_response.h"
#include "http/forwarded_head.h"
#include "http/turn.h"

namespace sluice::http {

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
  turn.close_after = !turn.client_keeps_alive || core_.draining || !turn.body_complete ||
                     (input_ended_ && input_.empty()) ||
                     (unknown_length && !turn.response_chunked) || served_enough();
  ResponseHop hop{.via_name = via_name(),
                  .client_version = turn.version,
                  .close = turn.close_after,
                  .chunked = turn.response_chunked};
  const Frontend* frontend = core_.frontend(frontend_);
  if (frontend != nullptr && frontend->response_edits != nullptr) {
    hop.edits = frontend->response_edits.get();
    hop.values = template_values(*frontend);
  }
  ByteChain bytes = write_response_head(head, hop, core_.pool());
  if (bytes.empty()) return end_without_buffers();
  counters_.responses.count(head.status);
  turn.note.status = static_cast<std::uint16_t>(head.status);
  arm(timeouts().idle);
  send(std::move(bytes));
}

TemplateValues ClientSession::template_values(const Frontend& frontend) const {
  return {.client = stream_->remote().address,
          .frontend = frontend.name,
          .tls_version = tls_version(),
          .tag = frontend.response_edits->needs_tag() ? core_.request_tag(turn_->serial)
                                                      : RequestTag()};
}

void ClientSession::on_response_body(ByteChain data) {
  if (!turn_->response_chunked) return send(std::move(data));
  ByteChain chunk;
  if (!append_chunk(chunk, std::move(data), core_.pool())) return end_without_buffers();
  send(std::move(chunk));
}

void ClientSession::on_response_end() {
  if (turn_->response_chunked) {
    ByteChain last;
    if (!append_last_chunk(last, core_.pool())) return end_without_buffers();
    send(std::move(last));
  }
  end_turn();
}

void ClientSession::on_exchange_failed(unsigned status) {
  answer(status, false, EndedBy::kNobody);
}

void ClientSession::on_response_broken() {
  end(Ending::kReset);
}

// The server's 101 is the last of HTTP on this connection.
void ClientSession::on_tunnel(const ResponseHead* head) {
  Turn& turn = *turn_;
  ByteChain bytes = write_response_head(*head, {.via_name = via_name()}, core_.pool());
  if (bytes.empty()) return end_without_buffers();
  counters_.responses.count(head->status);
  turn.note.status = static_cast<std::uint16_t>(head->status);
  send(std::move(bytes));
  disarm();
  state_ = State::kTunnel;
  if (access_note_ != nullptr) {
    keep_head_for_log();
  } else {
    turn.head.clear();
  }
  turn.tunnel = std::make_unique<Tunnel>(*this, core_.environment.wheel,
                                         turn.exchange.tunnel_counters(), timeouts().tunnel);
  turn.tunnel->start(*stream_, std::exchange(input_, ByteChain()), input_ended_,
                     turn.exchange.take_server());
}

void ClientSession::on_tunnel_end(TunnelEnd how) {
  if (how == TunnelEnd::kClientFailed) counters_.client_aborts.add();
  const EndCause cause = cause_of(how);
  turn_->note.end(cause.by, cause.phase);
  turn_->exchange.end_tunnel(how);
  end(Ending::kReset);
}

// A response of our own. The connection ends behind it if asked to, or if the request's body is not
// known to end where it should.
void ClientSession::answer(unsigned status, bool close, EndedBy by) {
  if (turn_ == nullptr) {  // refused before a head was whole
    turn_ = core_.make_turn();
    state_ = State::kExchange;
    counters_.requests.add();
  }
  Turn& turn = *turn_;
  note_end(by);
  turn.exchange.cancel(Exchange::Cancel::kAnsweredOtherwise);
  if (turn.responding) return end(Ending::kReset);
  const bool last = is_last_answer(close);
  send_answer(status, last, write_error_response(status, last, turn.to_head, core_.pool()));
}

// What is configured to be answered in the place of a server.
void ClientSession::answer_with(const Answer& configured, const RequestHead& request) {
  if (!configured.suits(request)) {
    counters_.request_errors.add();
    return answer(400, false, EndedBy::kProxy);
  }
  counters_.intercepted.add();
  note_end(EndedBy::kLocal);
  const bool last = is_last_answer(false);
  send_answer(configured.status(request), last, configured.write(request, last, core_.pool()));
}

bool ClientSession::is_last_answer(bool close) const {
  const Turn& turn = *turn_;
  return close || !turn.body_complete || !turn.client_keeps_alive || core_.draining ||
         turn.version == Version::kHttp10 || served_enough();
}

// Whether a client has had all the requests that it may have on one connection.
bool ClientSession::served_enough() const {
  const Frontend* frontend = core_.frontend(frontend_);
  const std::uint32_t most = frontend == nullptr ? 1 : frontend->limits.requests_per_connection;
  return most != 0 && requests_ >= most;
}

void ClientSession::send_answer(unsigned status, bool last, ByteChain bytes) {
  turn_->responding = true;
  turn_->close_after = last;
  if (bytes.empty()) {
    note_end(EndedBy::kResource);
    return end(Ending::kReset);
  }
  counters_.responses.count(status);
  turn_->note.status = static_cast<std::uint16_t>(status);
  send(std::move(bytes));
  end_turn();
}

void ClientSession::send(ByteChain data) {
  counters_.bytes_out.add(data.size());
  turn_->note.bytes_out += data.size();
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

// What the client has must not look whole.
void ClientSession::end_without_buffers() {
  core_.counters.out_of_buffers.add();
  note_end(EndedBy::kResource);
  end(Ending::kReset);
}

void ClientSession::give_back_turn() {
  if (turn_ == nullptr) return;
  if (access_note_ != nullptr) log_turn();
  consume(turn_->request_window.release_all());
  core_.give_back(std::exchange(turn_, nullptr));
}

}  // namespace sluice::http
