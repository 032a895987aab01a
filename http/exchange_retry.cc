#include <algorithm>

#include "http/exchange.h"
#include "http/proxy_core.h"

namespace sluice::http {
namespace {

// Nothing of the request was read by a server.
constexpr bool found_no_server(UpstreamFailure failure) {
  return failure == UpstreamFailure::kConnect || failure == UpstreamFailure::kConnectTimeout ||
         failure == UpstreamFailure::kHandshake;
}

}  // namespace

// Counts a failed attempt and decides whether another may follow.
bool Exchange::may_repeat(UpstreamFailure failure, bool reused) {
  BackendCounters& counters = core_.backend_counters[backend_.index()];
  const Backend* backend = core_.backend(backend_);
  const bool on_broken = backend != nullptr && backend->retry.on_broken;
  const bool on_timeout = backend != nullptr && backend->retry.on_timeout;
  bool repeat = false;
  switch (failure) {
    case UpstreamFailure::kConnect:
    case UpstreamFailure::kConnectTimeout:
    case UpstreamFailure::kHandshake:
      server_->counters.connection_errors.add();
      counters.connection_errors.add();
      note_tried(server_->id);
      repeat = !last_resort_ && !body_sent_ && take_retry();
      break;
    case UpstreamFailure::kEndedEarly:
      // A pooled connection that has ended meanwhile says nothing of its server.
      repeat = replayable() && (reused || (on_broken && take_retry()));
      fresh_only_ = true;
      if (!reused) note_tried(server_->id);
      break;
    case UpstreamFailure::kBadResponse:
      note_tried(server_->id);
      repeat = on_broken && !responding_ && replayable() && take_retry();
      break;
    case UpstreamFailure::kTimeout:
      note_tried(server_->id);
      repeat = on_timeout && !responding_ && replayable() && take_retry();
      break;
    case UpstreamFailure::kBrokeOff:
    case UpstreamFailure::kNoBuffers:
      break;
  }
  const bool stale = failure == UpstreamFailure::kEndedEarly && reused;
  if (!stale && failure != UpstreamFailure::kNoBuffers) server_failed();
  if (repeat) {
    ++trace_.retries;
    server_->counters.retries.add();
    counters.retries.add();
  } else if (!found_no_server(failure) && failure != UpstreamFailure::kNoBuffers) {
    note_bad_response(failure);
  }
  return repeat;
}

void Exchange::note_bad_response(UpstreamFailure failure) {
  BackendCounters& counters = core_.backend_counters[backend_.index()];
  server_->counters.response_errors.add();
  counters.response_errors.add();
  if (failure == UpstreamFailure::kBrokeOff || failure == UpstreamFailure::kEndedEarly) {
    server_->counters.server_aborts.add();
    counters.server_aborts.add();
  }
}

// Whether a response of this status shall be thrown away for another server's.
bool Exchange::may_replace(unsigned status) {
  const Backend* backend = core_.backend(backend_);
  if (backend == nullptr || !replayable()) return false;
  const std::vector<std::uint16_t>& statuses = backend->retry.statuses;
  if (std::find(statuses.begin(), statuses.end(), status) == statuses.end()) return false;
  if (!take_retry()) return false;
  note_tried(server_->id);
  ++trace_.retries;
  server_->counters.retries.add();
  core_.backend_counters[backend_.index()].retries.add();
  return true;
}

bool Exchange::take_retry() {
  const Backend* backend = core_.backend(backend_);
  if (attempts_left_ == 0 || backend == nullptr) return false;
  if (!core_.desk(backend_).retries.take(backend->retry.budget, core_.now())) {
    core_.backend_counters[backend_.index()].retries_withheld.add();
    return false;
  }
  --attempts_left_;
  return true;
}

// Reads the head again: the fields of the first reading are long gone.
void Exchange::repeat() {
  trace_.connected = trace_.responded = kNever;
  if (tunnel_only_) return attempt({});
  const Frontend* frontend = core_.frontend(origin_.frontend);
  RequestHead request;
  const std::size_t max_fields =
      frontend == nullptr ? ClientLimits{}.header_fields : frontend->limits.header_fields;
  const HeadError error = core_.request_parser.parse_request(head_, max_fields, request);
  if (error != HeadError::kNone) return fail(503, {EndedBy::kInternal, EndPhase::kConnect});
  attempt(request);
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
