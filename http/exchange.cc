#include "http/exchange.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "http/balancing/outliers.h"
#include "http/balancing/request_key.h"
#include "http/chunked_encoder.h"
#include "http/forwarded_head.h"
#include "http/proxy_core.h"

namespace sluice::http {
namespace {

// How long ago a pooled connection may have been used last to be trusted with a request that
// cannot be repeated: no server closes an idle connection so soon.
constexpr Duration kFresh = std::chrono::seconds(1);

// No server is worth more attempts than this, whatever is configured.
constexpr std::uint32_t kMaxRetries = 16;

constexpr EndCause kNoServer{EndedBy::kServer, EndPhase::kConnect};
constexpr EndCause kQueuedInVain{EndedBy::kServerTimeout, EndPhase::kQueue};

EndCause cause_of(UpstreamFailure failure, EndPhase phase) {
  switch (failure) {
    case UpstreamFailure::kConnect:
    case UpstreamFailure::kHandshake:
      return kNoServer;
    case UpstreamFailure::kConnectTimeout:
      return {EndedBy::kServerTimeout, EndPhase::kConnect};
    case UpstreamFailure::kTimeout:
      return {EndedBy::kServerTimeout, phase};
    case UpstreamFailure::kBadResponse:
      return {EndedBy::kProxy, phase};
    case UpstreamFailure::kNoBuffers:
      return {EndedBy::kResource, phase};
    case UpstreamFailure::kEndedEarly:
    case UpstreamFailure::kBrokeOff:
      break;
  }
  return {EndedBy::kServer, phase};
}

}  // namespace

void Exchange::start(ExchangeClient& client, const RequestOrigin& origin, BackendId backend,
                     const RequestHead& request, std::string_view head) {
  begin(client, origin, backend);
  head_ = head;
  method_ = request.method;
  chunked_ = request.framing.kind == BodyFraming::Kind::kChunked;
  if (!backend_.valid()) {
    core_.frontend_counters[origin.frontend.index()].unrouted.add();
    fail(404, {EndedBy::kProxy, EndPhase::kRequest});
    return;
  }
  key_ = key_of(core_.backend(backend_)->balancing, request, origin.client);
  core_.backend_counters[backend_.index()].requests.add();
  attempt(request);
}

void Exchange::start_tunnel(ExchangeClient& client, const RequestOrigin& origin,
                            BackendId backend) {
  begin(client, origin, backend);
  tunnel_only_ = fresh_only_ = true;
  if (backend_.valid()) key_ = key_of(core_.backend(backend_)->balancing, {}, origin.client);
  attempt({});
}

// What every exchange begins with. A backend that does not exist is not entered.
void Exchange::begin(ExchangeClient& client, const RequestOrigin& origin, BackendId backend) {
  client_ = &client;
  upstream_ = nullptr;
  server_ = nullptr;
  head_ = {};
  origin_ = origin;
  trace_ = {};
  trace_.started = core_.now();
  tried_count_ = 0;
  method_ = Method::kOther;
  chunked_ = body_sent_ = request_done_ = responding_ = fresh_only_ = last_resort_ = false;
  waiting_ = has_place_ = tunnel_only_ = false;
  backend_ = {};
  key_.reset();
  const Backend* found = backend.valid() ? core_.backend(backend) : nullptr;
  if (found == nullptr) return;
  backend_ = trace_.backend = backend;
  attempts_left_ = std::min(found->retry.attempts, kMaxRetries);
  core_.desk(backend_).retries.note_request(trace_.started);
  core_.backend_counters[backend_.index()].sessions.enter();
}

// Finds a connection and sends the head on it. A server that cannot even be connected to from here
// counts as a failed attempt.
void Exchange::attempt(const RequestHead& request) {
  const Backend* backend = backend_.valid() ? core_.backend(backend_) : nullptr;
  if (backend == nullptr) return fail(503, kNoServer);
  BackendDesk& desk = core_.desk(backend_);
  const bool has_waited = std::exchange(has_place_, false);
  // Who waits elsewhere stands on lines of cache that other workers write for every request: looked
  // at only where somebody may wait.
  const bool overtakes = !has_waited && desk.balancer.limited() && desk.line.anybody();
  if (overtakes) return wait_in_line(*backend);
  for (;;) {
    const ServerChoice choice =
        desk.balancer.choose({tried_.data(), tried_count_}, key_, core_.now());
    if (choice.kind == ServerChoice::Kind::kNone) return fail(503, kNoServer);
    if (choice.kind == ServerChoice::Kind::kFull) return wait_in_line(*backend);
    last_resort_ = choice.last_resort;
    UpstreamServer& server = core_.upstreams.server(backend->servers[choice.index].id);
    if (tried_count_ > 0 && tried_[tried_count_ - 1] != server.id) {
      server.counters.redispatches.add();
      core_.backend_counters[backend_.index()].redispatches.add();
      trace_.redispatched = true;
    }
    enter_server(server);
    if (connect(server, request)) return;
    if (!may_repeat(UpstreamFailure::kConnect, false)) return fail(503, kNoServer);
    leave_server();
  }
}

// False when there is no connection; otherwise the exchange goes on, or has ended.
bool Exchange::connect(UpstreamServer& server, const RequestHead& request) {
  const Duration max_idle = replayable() ? Duration::max() : kFresh;
  UpstreamConnection* upstream =
      fresh_only_ ? nullptr : core_.upstreams.take_idle(server, max_idle);
  if (upstream == nullptr) upstream = core_.upstreams.connect(server);
  if (upstream == nullptr) return false;
  if (!tunnel_only_) server.counters.requests.add();
  if (!send_head(request, *upstream)) fail(503, {EndedBy::kResource, EndPhase::kConnect});
  return true;
}

void Exchange::wait_in_line(const Backend& backend) {
  BackendCounters& counters = core_.backend_counters[backend_.index()];
  const std::uint64_t queued = core_.environment.fleet.queued(backend_);
  trace_.queued_before = static_cast<std::uint32_t>(queued);
  if (queued >= backend.queue.length) {
    counters.queue_refusals.add();
    return fail(503, kQueuedInVain);
  }
  counters.queued.add();
  waiting_ = true;
  core_.desk(backend_).line.join(*this, core_.now());
  core_.open_line(backend_);
}

void Exchange::on_place() {
  waiting_ = false;
  core_.backend_counters[backend_.index()].queue_time.add(WaitingLine::waited(*this, core_.now()));
  has_place_ = true;
  repeat();
}

void Exchange::on_wait_timeout() {
  waiting_ = false;
  core_.backend_counters[backend_.index()].queue_refusals.add();
  fail(503, kQueuedInVain);
}

bool Exchange::send_head(const RequestHead& request, UpstreamConnection& upstream) {
  upstream_ = &upstream;
  upstream.assign(*this, {.to_head = request.method == Method::kHead,
                          .expects_continue = request.expects_continue && !body_sent_ &&
                                              request.framing.kind != BodyFraming::Kind::kNone,
                          .upgrade = request.upgrade});
  if (upstream.opened()) trace_.connected = core_.now();
  if (tunnel_only_) return true;
  const Frontend* frontend = core_.frontend(origin_.frontend);
  RequestHop hop{
      .via_name = core_.via_name(origin_.frontend),
      .forwarded = frontend == nullptr || frontend->forwarded_headers,
      .client = origin_.client,
      .secure = origin_.secure,
      .client_certificates = frontend != nullptr && frontend->client_certificates,
      .peer = origin_.peer,
  };
  if (frontend != nullptr) edit(request, *frontend, hop);
  ByteChain bytes = write_request_head(request, hop, core_.pool());
  if (bytes.empty()) {
    core_.counters.out_of_buffers.add();
    std::exchange(upstream_, nullptr)->abandon();
    return false;
  }
  sent_ = core_.now();
  upstream.send(std::move(bytes));
  if (request_done_) upstream.request_sent();
  return true;
}

void Exchange::edit(const RequestHead& request, const Frontend& frontend, RequestHop& hop) const {
  hop.host = frontend.host;
  hop.edits = frontend.request_edits.get();
  if (hop.edits == nullptr) return;
  hop.values = {.client = origin_.client,
                .frontend = frontend.name,
                .host = request.host,
                .target = request.target,
                .tls_version = origin_.tls_version};
  if (hop.edits->needs_tag()) hop.values.tag = core_.request_tag(origin_.serial);
}

void Exchange::send_body(ByteChain data) {
  if (!takes_body() || data.empty()) return;
  body_sent_ = true;
  if (!chunked_) return upstream_->send(std::move(data));
  ByteChain chunk;
  if (append_chunk(chunk, std::move(data), core_.pool())) {
    upstream_->send(std::move(chunk));
    return;
  }
  core_.counters.out_of_buffers.add();
  std::exchange(upstream_, nullptr)->abandon();
  on_upstream_failure(UpstreamFailure::kNoBuffers);
}

void Exchange::end_body() {
  if (request_done_) return;
  request_done_ = true;
  if (upstream_ == nullptr) return;
  if (chunked_) {
    body_sent_ = true;
    ByteChain last;
    if (!append_last_chunk(last, core_.pool())) {
      core_.counters.out_of_buffers.add();
      std::exchange(upstream_, nullptr)->abandon();
      on_upstream_failure(UpstreamFailure::kNoBuffers);
      return;
    }
    upstream_->send(std::move(last));
  }
  upstream_->request_sent();
}

void Exchange::cancel(Cancel reason) {
  if (client_ == nullptr) return;
  client_ = nullptr;
  if (reason == Cancel::kClientGone) {
    if (server_ != nullptr) server_->counters.client_aborts.add();
    if (backend_.valid()) core_.backend_counters[backend_.index()].client_aborts.add();
  }
  if (waiting_) core_.desk(backend_).line.leave(*this);
  waiting_ = false;
  if (upstream_ != nullptr) std::exchange(upstream_, nullptr)->abandon();
  leave_server();
  leave_backend();
}

void Exchange::end_tunnel(TunnelEnd end) {
  if (client_ == nullptr) return;
  if (end == TunnelEnd::kClientFailed) return cancel(Cancel::kClientGone);
  BackendCounters& backend = core_.backend_counters[backend_.index()];
  if (end == TunnelEnd::kServerFailed) {
    backend.server_aborts.add();
    server_->counters.server_aborts.add();
  }
  const Duration taken = core_.now() - trace_.started;
  server_->counters.total_time.add(taken);
  backend.total_time.add(taken);
  client_ = nullptr;
  leave_server();
  leave_backend();
}

EndPhase Exchange::phase() const {
  if (client_ == nullptr) return EndPhase::kRequest;
  if (waiting_) return EndPhase::kQueue;
  if (responding_) return EndPhase::kData;
  if (upstream_ == nullptr || !upstream_->opened()) return EndPhase::kConnect;
  return request_done_ || tunnel_only_ ? EndPhase::kResponse : EndPhase::kData;
}

TunnelCounters Exchange::tunnel_counters() const {
  return {core_.frontend_counters[origin_.frontend.index()],
          core_.backend_counters[backend_.index()], server_->counters};
}

void Exchange::on_upstream_open() {
  sent_ = trace_.connected = core_.now();
  if (tunnel_only_) {
    server_succeeded();
    return client_->on_tunnel(nullptr);
  }
  client_->on_backend_progress();
}

void Exchange::on_upstream_acknowledged() {
  client_->on_backend_progress();
}

void Exchange::on_upstream_interim(const ResponseHead& head) {
  client_->on_interim_response(head);
}

void Exchange::on_upstream_switch(const ResponseHead& head) {
  count_response(head);
  server_succeeded();
  core_.backend_counters[backend_.index()].responses.count(head.status);
  client_->on_tunnel(&head);
}

void Exchange::on_upstream_head(const ResponseHead& head) {
  count_response(head);
  head.status >= 500 ? server_failed() : server_succeeded();
  if (may_replace(head.status)) {
    std::exchange(upstream_, nullptr)->abandon();
    leave_server();
    repeat();
    return;
  }
  responding_ = true;
  core_.backend_counters[backend_.index()].responses.count(head.status);
  client_->on_response(head);
}

// At the server. The backend counts what reaches the client.
void Exchange::count_response(const ResponseHead& head) {
  BackendCounters& counters = core_.backend_counters[backend_.index()];
  const Duration taken = core_.now() - sent_;
  trace_.responded = core_.now();
  counters.response_time.add(taken);
  server_->counters.responses.count(head.status);
  server_->counters.response_time.add(taken);
}

void Exchange::on_upstream_body(ByteChain data) {
  client_->on_response_body(std::move(data));
}

void Exchange::on_upstream_end() {
  upstream_ = nullptr;
  const Duration taken = core_.now() - trace_.started;
  server_->counters.total_time.add(taken);
  core_.backend_counters[backend_.index()].total_time.add(taken);
  leave_server();
  leave_backend();
  std::exchange(client_, nullptr)->on_response_end();
}

void Exchange::on_upstream_failure(UpstreamFailure failure) {
  const bool reused = upstream_ != nullptr && upstream_->reused();
  upstream_ = nullptr;
  if (may_repeat(failure, reused)) {
    leave_server();
    repeat();
    return;
  }
  EndPhase phase = responding_ ? EndPhase::kData : EndPhase::kResponse;
  if (trace_.connected == kNever) phase = EndPhase::kConnect;
  const EndCause cause = cause_of(failure, phase);
  if (responding_) {
    trace_.cause = cause;
    leave_server();
    leave_backend();
    std::exchange(client_, nullptr)->on_response_broken();
    return;
  }
  switch (failure) {
    case UpstreamFailure::kConnect:
    case UpstreamFailure::kConnectTimeout:
    case UpstreamFailure::kNoBuffers:
      fail(503, cause);
      break;
    case UpstreamFailure::kTimeout:
      fail(504, cause);
      break;
    default:
      fail(502, cause);
      break;
  }
}

void Exchange::server_succeeded() {
  server_->state.succeeded();
}

void Exchange::server_failed() {
  const Backend* backend = core_.backend(backend_);
  if (backend == nullptr) return;
  const Duration out =
      note_server_failure(core_.environment.fleet, *backend, server_->id, core_.now());
  if (out != Duration::zero()) server_->counters.ejections.add();
}

void Exchange::fail(unsigned status, EndCause cause) {
  trace_.cause = cause;
  if (upstream_ != nullptr) std::exchange(upstream_, nullptr)->abandon();
  if (backend_.valid() && !tunnel_only_) {
    core_.backend_counters[backend_.index()].responses.count(status);
  }
  leave_server();
  leave_backend();
  std::exchange(client_, nullptr)->on_exchange_failed(status);
}

void Exchange::enter_server(UpstreamServer& server) {
  server_ = &server;
  trace_.server = server.id;
  if (trace_.assigned == kNever) trace_.assigned = core_.now();
  server.enter();
  core_.desk(backend_).load.in_flight.add();
}

void Exchange::leave_server() {
  if (server_ == nullptr) return;
  trace_.server_exchanges = static_cast<std::uint32_t>(server_->in_hand.get());
  std::exchange(server_, nullptr)->leave();
  core_.desk(backend_).load.in_flight.subtract();
}

void Exchange::leave_backend() {
  if (!backend_.valid()) return;
  Gauge& sessions = core_.backend_counters[backend_.index()].sessions;
  trace_.backend_exchanges = static_cast<std::uint32_t>(sessions.current());
  sessions.leave();
  backend_ = {};
}

}  // namespace sluice::http
