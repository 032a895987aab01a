#include "http/exchange.h"

#include <algorithm>
#include <chrono>
#include <utility>

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

// Nothing of the request was read by a server.
constexpr bool found_no_server(UpstreamFailure failure) {
  return failure == UpstreamFailure::kConnect || failure == UpstreamFailure::kConnectTimeout ||
         failure == UpstreamFailure::kHandshake;
}

}  // namespace

void Exchange::start(ExchangeClient& client, const RequestOrigin& origin, const Frontend& frontend,
                     const RequestHead& request, std::string_view head) {
  client_ = &client;
  upstream_ = nullptr;
  server_ = nullptr;
  head_ = head;
  origin_ = origin;
  started_ = core_.now();
  tried_count_ = 0;
  method_ = request.method;
  chunked_ = request.framing.kind == BodyFraming::Kind::kChunked;
  body_sent_ = request_done_ = responding_ = fresh_only_ = last_resort_ = false;
  backend_ = core_.router(frontend.id).find(request.host, request.path);
  const Backend* backend = backend_.valid() ? core_.backend(backend_) : nullptr;
  if (backend == nullptr) {
    backend_ = {};
    core_.frontend_counters[frontend.id.index()].unrouted.add();
    fail(404);
    return;
  }
  attempts_left_ = std::min(backend->retries, kMaxRetries);
  BackendCounters& counters = core_.backend_counters[backend_.index()];
  counters.sessions.enter();
  counters.requests.add();
  attempt(request);
}

// Finds a connection and sends the head on it. A server that cannot even be connected to from here
// counts as a failed attempt.
void Exchange::attempt(const RequestHead& request) {
  const Backend* backend = core_.backend(backend_);
  if (backend == nullptr) return fail(503);
  const Duration max_idle = replayable() ? Duration::max() : kFresh;
  for (;;) {
    const auto choice = core_.balancer(backend_).choose(*backend, core_.upstreams,
                                                        {tried_.data(), tried_count_}, core_.now());
    if (!choice) return fail(503);
    last_resort_ = choice->last_resort;
    UpstreamServer& server = core_.upstreams.server(backend->servers[choice->index].id);
    if (tried_count_ > 0 && tried_[tried_count_ - 1] != server.id) {
      server.counters.redispatches.add();
      core_.backend_counters[backend_.index()].redispatches.add();
    }
    UpstreamConnection* upstream =
        fresh_only_ ? nullptr : core_.upstreams.take_idle(server, max_idle);
    if (upstream == nullptr) upstream = core_.upstreams.connect(server);
    if (upstream != nullptr) {
      server_ = &server;
      server.counters.sessions.enter();
      server.counters.requests.add();
      if (!send_head(request, *upstream)) fail(503);
      return;
    }
    server_ = &server;
    server.counters.sessions.enter();
    if (!may_repeat(UpstreamFailure::kConnect, false)) return fail(503);
    leave_server();
  }
}

bool Exchange::send_head(const RequestHead& request, UpstreamConnection& upstream) {
  upstream_ = &upstream;
  upstream.assign(*this, {.to_head = request.method == Method::kHead,
                          .expects_continue = request.expects_continue && !body_sent_ &&
                                              request.framing.kind != BodyFraming::Kind::kNone});
  const Frontend* frontend = core_.frontend(origin_.frontend);
  const RequestHop hop{
      .via_name = core_.via_name(origin_.frontend),
      .forwarded = frontend == nullptr || frontend->forwarded_headers,
      .client = origin_.client,
      .secure = origin_.secure,
      .client_certificates = frontend != nullptr && frontend->client_certificates,
      .peer = origin_.peer,
  };
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
  if (upstream_ != nullptr) std::exchange(upstream_, nullptr)->abandon();
  leave_server();
  leave_backend();
}

void Exchange::on_upstream_open() {
  sent_ = core_.now();
  client_->on_backend_progress();
}

void Exchange::on_upstream_acknowledged() {
  client_->on_backend_progress();
}

void Exchange::on_upstream_interim(const ResponseHead& head) {
  client_->on_interim_response(head);
}

void Exchange::on_upstream_head(const ResponseHead& head) {
  responding_ = true;
  BackendCounters& counters = core_.backend_counters[backend_.index()];
  const Duration taken = core_.now() - sent_;
  counters.responses.count(head.status);
  counters.response_time.add(taken);
  server_->counters.responses.count(head.status);
  server_->counters.response_time.add(taken);
  client_->on_response(head);
}

void Exchange::on_upstream_body(ByteChain data) {
  client_->on_response_body(std::move(data));
}

void Exchange::on_upstream_end() {
  upstream_ = nullptr;
  const Duration taken = core_.now() - started_;
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
  if (responding_) {
    leave_server();
    leave_backend();
    std::exchange(client_, nullptr)->on_response_broken();
    return;
  }
  switch (failure) {
    case UpstreamFailure::kConnect:
    case UpstreamFailure::kConnectTimeout:
    case UpstreamFailure::kNoBuffers:
      fail(503);
      break;
    case UpstreamFailure::kTimeout:
      fail(504);
      break;
    default:
      fail(502);
      break;
  }
}

// Counts a failed attempt and decides whether another may follow.
bool Exchange::may_repeat(UpstreamFailure failure, bool reused) {
  BackendCounters& backend = core_.backend_counters[backend_.index()];
  bool repeat = false;
  switch (failure) {
    case UpstreamFailure::kConnect:
    case UpstreamFailure::kConnectTimeout:
    case UpstreamFailure::kHandshake:
      server_->counters.connection_errors.add();
      backend.connection_errors.add();
      note_tried(server_->id);
      repeat = attempts_left_ > 0 && !last_resort_ && !body_sent_;
      if (repeat) --attempts_left_;
      break;
    case UpstreamFailure::kEndedEarly:
      repeat = reused && replayable();
      fresh_only_ = true;
      break;
    default:
      break;
  }
  if (repeat) {
    server_->counters.retries.add();
    backend.retries.add();
  } else if (!found_no_server(failure) && failure != UpstreamFailure::kNoBuffers) {
    server_->counters.response_errors.add();
    backend.response_errors.add();
    if (failure == UpstreamFailure::kBrokeOff || failure == UpstreamFailure::kEndedEarly) {
      server_->counters.server_aborts.add();
      backend.server_aborts.add();
    }
  }
  return repeat;
}

// Reads the head again: the fields of the first reading are long gone.
void Exchange::repeat() {
  const Frontend* frontend = core_.frontend(origin_.frontend);
  RequestHead request;
  const std::size_t max_fields =
      frontend == nullptr ? ClientLimits{}.header_fields : frontend->limits.header_fields;
  const HeadError error = core_.request_parser.parse_request(head_, max_fields, request);
  if (error != HeadError::kNone) return fail(503);
  attempt(request);
}

void Exchange::fail(unsigned status) {
  if (upstream_ != nullptr) std::exchange(upstream_, nullptr)->abandon();
  if (backend_.valid()) core_.backend_counters[backend_.index()].responses.count(status);
  leave_server();
  leave_backend();
  std::exchange(client_, nullptr)->on_exchange_failed(status);
}

void Exchange::leave_server() {
  if (server_ != nullptr) std::exchange(server_, nullptr)->counters.sessions.leave();
}

void Exchange::leave_backend() {
  if (backend_.valid()) core_.backend_counters[backend_.index()].sessions.leave();
  backend_ = {};
}

void Exchange::note_tried(ServerId server) {
  if (tried_count_ == tried_.size()) {
    std::move(tried_.begin() + 1, tried_.end(), tried_.begin());
    --tried_count_;
  }
  tried_[tried_count_++] = server;
}

bool Exchange::replayable() const {
  return is_idempotent(method_) && !body_sent_;
}

}  // namespace sluice::http
