#include <string>
#include <utility>

#include "http/access_log/access_recorder.h"
#include "http/access_log/client_note.h"
#include "http/access_log/exchange_trace.h"
#include "http/client_session.h"
#include "http/header_edits.h"
#include "http/turn.h"

namespace sluice::http {

// To be called before the exchange is cancelled, which forgets how far it has come.
void ClientSession::note_end(EndedBy by) {
  if (turn_ == nullptr) return;
  const EndPhase phase = state_ == State::kTunnel ? EndPhase::kData : turn_->exchange.phase();
  turn_->note.end(by, phase);
}

void ClientSession::note_request(const RequestHead& request) {
  turn_->note.take(request, core_.environment.access_log->captures(), core_.now());
}

// A tunnel may live long: its request's head gives up the packet buffer that it lies in.
void ClientSession::keep_head_for_log() {
  HeadBytes& head = turn_->head;
  const std::string_view from = head.view();
  const HeadBytes former = std::exchange(head, HeadBytes(std::string(from)));
  turn_->note.move(from, head.view());
}

void ClientSession::log_turn() {
  const Turn& turn = *turn_;
  AccessEntry entry = begin_entry(core_, frontend_, *access_note_, turn.exchange.trace());
  turn.note.fill(entry, entry.record.began);
  AccessRecord& record = entry.record;
  if (turn.tunnel != nullptr) {
    record.bytes_in += turn.tunnel->bytes_from_client();
    record.bytes_out += turn.tunnel->bytes_from_server();
  }
  if (has_tag(turn.serial)) {
    const RequestTag tag = core_.request_tag(turn.serial);
    record.has_tag = true;
    record.tag_high = tag.high;
    record.tag_low = tag.low;
  }
  put_entry(core_, entry);
  access_note_->began = kNever;
}

// Whether the server, or the client, was told what {id} stands for.
bool ClientSession::has_tag(std::uint64_t serial) const {
  const Frontend* frontend = serial == 0 ? nullptr : core_.frontend(frontend_);
  if (frontend == nullptr) return false;
  const auto needs = [](const auto& edits) { return edits != nullptr && edits->needs_tag(); };
  return needs(frontend->request_edits) || needs(frontend->response_edits);
}

// The client has left in the middle of a request's head.
void ClientSession::log_cut_head() {
  if (access_note_ == nullptr || !reader_.started()) return;
  AccessEntry entry = begin_entry(core_, frontend_, *access_note_, {});
  entry.record.cause = {EndedBy::kClient, EndPhase::kRequest};
  put_entry(core_, entry);
}

}  // namespace sluice::http
