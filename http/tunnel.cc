#include "http/tunnel.h"

#include <utility>

namespace sluice::http {

EndCause cause_of(TunnelEnd end) {
  switch (end) {
    case TunnelEnd::kIdle:
      return {EndedBy::kClientTimeout, EndPhase::kData};
    case TunnelEnd::kClientFailed:
      return {EndedBy::kClient, EndPhase::kData};
    case TunnelEnd::kServerFailed:
      return {EndedBy::kServer, EndPhase::kData};
    case TunnelEnd::kFinished:
      break;
  }
  return {};
}

Tunnel::Tunnel(TunnelOwner& owner, TimerWheel& wheel, const TunnelCounters& counters, Duration idle)
    : owner_(owner), wheel_(wheel), counters_(counters), idle_(idle) {}

Tunnel::~Tunnel() {
  abort();
}

void Tunnel::start(Stream& client, ByteChain received, bool ended, UpstreamStream server) {
  client_.stream = &client;
  server_.stream = server.stream;
  upstream_ = std::move(server);
  client.set_handler(client_);
  server_.stream->set_handler(server_);
  progress();
  // Counted already where they came from.
  const std::size_t from_client = received.size();
  const std::size_t from_server = upstream_.received.size();
  counters_.backend.bytes_in.add(from_client);
  counters_.server.bytes_in.add(from_client);
  counters_.frontend.bytes_out.add(from_server);
  if (from_client != 0) forward(client_, std::move(received));
  if (from_server != 0) forward(server_, std::exchange(upstream_.received, ByteChain()));
  if (ended) pass_end(client_);
}

void Tunnel::abort() {
  if (client_.stream == nullptr && server_.stream == nullptr) return;
  let_go(&Stream::abort);
}

void Tunnel::pass(Side& from, ByteChain data) {
  const std::size_t size = data.size();
  if (&from == &client_) {
    counters_.frontend.bytes_in.add(size);
    counters_.backend.bytes_in.add(size);
    counters_.server.bytes_in.add(size);
  } else {
    counters_.frontend.bytes_out.add(size);
    counters_.backend.bytes_out.add(size);
    counters_.server.bytes_out.add(size);
    // With TLS 1.3 a server's session comes ahead of its first data.
    if (!std::exchange(answered_, true)) upstream_.keep_session();
  }
  progress();
  forward(from, std::move(data));
}

void Tunnel::forward(Side& from, ByteChain data) {
  from.received += data.size();
  from.window.forwarded(data.size());
  other(from).stream->send(std::move(data));
}

void Tunnel::pass_end(Side& from) {
  from.ended = true;
  progress();
  if (!other(from).ended) {
    other(from).stream->finish();
    return;
  }
  let_go(&Stream::close);
  owner_.on_tunnel_end(TunnelEnd::kFinished);
}

// The peer of one side has taken something: as much more may come on the other.
void Tunnel::open_window(Side& acknowledged) {
  progress();
  Side& source = other(acknowledged);
  if (acknowledged.stream->starves()) source.stream->widen();
  const std::size_t size = source.window.release(acknowledged.stream->unacknowledged());
  if (size != 0) source.stream->consume(size);
}

void Tunnel::failed(Side& side) {
  const bool client = &side == &client_;
  upstream_.keep_session();  // may be asked for in a failure, too
  if (!client) upstream_.secure = nullptr;
  side.stream = nullptr;
  let_go(&Stream::abort);
  owner_.on_tunnel_end(client ? TunnelEnd::kClientFailed : TunnelEnd::kServerFailed);
}

void Tunnel::on_timer(Instant /*now*/) {
  let_go(&Stream::abort);
  owner_.on_tunnel_end(TunnelEnd::kIdle);
}

void Tunnel::let_go(void (Stream::*how)()) {
  disarm();
  upstream_.keep_session();
  upstream_.secure = nullptr;
  Stream* const client = std::exchange(client_.stream, nullptr);
  Stream* const server = std::exchange(server_.stream, nullptr);
  if (client != nullptr) (client->*how)();
  if (server != nullptr) (server->*how)();
}

}  // namespace sluice::http
