#include "http/tcp_session.h"

#include <utility>

#include "http/access_log/exchange_trace.h"

namespace sluice::http {

TcpSession::TcpSession(ProxyCore& core, FrontendId frontend, bool secure)
    : core_(core),
      counters_(core.frontend_counters[frontend.index()]),
      exchange_(core),
      frontend_(frontend),
      secure_(secure),
      handshaking_(secure) {}

bool TcpSession::start(Stream& stream) {
  stream_ = &stream;
  core_.tcp_sessions.push_back(*this);
  core_.enter_frontend(frontend_);
  access_note_ = note_client(core_, frontend_, stream);
  if (secure_) {
    core_.environment.wheel.arm_after(*this, core_.timeouts(frontend_).handshake);
    return true;
  }
  starting_ = true;
  find_server();
  starting_ = false;
  return !ended_;
}

void TcpSession::on_open() {
  if (!std::exchange(handshaking_, false)) return;
  disarm();
  if (access_note_ != nullptr) note_handshake(*access_note_, *stream_);
  find_server();
}

void TcpSession::find_server() {
  const Frontend* frontend = core_.frontend(frontend_);
  if (frontend == nullptr) {  // removed by a reload
    cause_ = {EndedBy::kProxy, EndPhase::kRequest};
    return end();
  }
  exchange_.start_tunnel(
      *this, {.frontend = frontend_, .client = stream_->remote().address, .secure = secure_},
      frontend->default_backend);
}

void TcpSession::on_data(ByteChain data) {
  counters_.bytes_in.add(data.size());
  input_.append(std::move(data));
}

void TcpSession::on_failure(StreamError error) {
  stream_ = nullptr;
  if (handshaking_) {
    counters_.handshake_failures.add();
  } else {
    counters_.client_aborts.add();
    cause_ = {ender_of(error), exchange_.phase()};
  }
  end();
}

void TcpSession::on_timer(Instant /*now*/) {
  counters_.handshake_failures.add();
  end();
}

void TcpSession::on_exchange_failed(unsigned /*status*/) {
  end();
}

void TcpSession::on_tunnel(const ResponseHead* /*head*/) {
  tunnel_.emplace(*this, core_.environment.wheel, exchange_.tunnel_counters(),
                  core_.timeouts(frontend_).tunnel);
  tunnel_->start(*std::exchange(stream_, nullptr), std::move(input_), input_ended_,
                 exchange_.take_server());
}

void TcpSession::on_tunnel_end(TunnelEnd how) {
  if (how == TunnelEnd::kClientFailed) counters_.client_aborts.add();
  cause_ = cause_of(how);
  exchange_.end_tunnel(how);
  end();
}

void TcpSession::destroy() {
  cause_ = {EndedBy::kKilled, tunnel_ ? EndPhase::kData : exchange_.phase()};
  end();
}

// A client that did not come through TLS has had no session.
void TcpSession::log(const ClientNote& note) const {
  if (handshaking_) return;
  AccessEntry entry = begin_entry(core_, frontend_, note, exchange_.trace());
  AccessRecord& record = entry.record;
  record.tcp = true;
  record.bytes_in = tunnel_ ? tunnel_->bytes_from_client() : input_.size();
  record.bytes_out = tunnel_ ? tunnel_->bytes_from_server() : 0;
  if (cause_.by != EndedBy::kNobody) record.cause = cause_;
  put_entry(core_, entry);
}

// Resets what is left of the connection.
void TcpSession::end() {
  if (std::exchange(ended_, true)) return;
  disarm();
  exchange_.cancel(Exchange::Cancel::kClientGone);
  if (tunnel_) tunnel_->abort();
  if (access_note_ != nullptr) log(*access_note_);
  core_.leave_frontend(frontend_);
  core_.tcp_sessions.remove(*this);
  core_.environment.graveyard.bury(std::unique_ptr<Mortal>(this));
  if (stream_ != nullptr && !starting_) std::exchange(stream_, nullptr)->abort();
}

}  // namespace sluice::http
