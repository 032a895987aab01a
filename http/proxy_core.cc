#include "http/proxy_core.h"

#include <algorithm>
#include <utility>

#include "http/balancing/fleet_state.h"
#include "http/client_session.h"
#include "http/tcp_session.h"
#include "http/turn.h"

namespace sluice::http {
namespace {

// More unused turns than this are freed: a burst of clients should not be remembered for ever.
constexpr std::size_t kTurnsKept = 1024;

const Settings& no_settings() {
  static const Settings settings;
  return settings;
}

}  // namespace

ProxyCore::ProxyCore(const ProxyEnvironment& worker_environment)
    : environment(worker_environment),
      tls_environment(environment.pool, environment.graveyard, environment.clock, tls_counters,
                      environment.tls),
      upstream_tls_environment(environment.pool, environment.graveyard, environment.clock,
                               upstream_tls_counters, environment.tls),
      upstreams(environment, upstream_tls_environment, response_parser, counters),
      checker({environment, upstream_tls_environment, response_parser}),
      settings_(&no_settings()) {}

// The streams that are reset here are buried with references to what goes now.
ProxyCore::~ProxyCore() {
  while (!sessions.empty()) sessions.back()->destroy();
  while (!tcp_sessions.empty()) tcp_sessions.back()->destroy();
  upstreams.reset_all();
  checker.stop();
  environment.graveyard.clear();
}

void ProxyCore::adopt(const Settings& settings) {
  settings_ = &settings;
  refused_requests.forget_gone(settings.frontends);
  routers_.clear();
  for (const auto& frontend : settings.frontends) {
    std::shared_ptr<const Router> router;
    if (frontend) {
      router = frontend->router;
      if (!router) {
        router = std::make_shared<const Router>(
            frontend->routes, RouteTarget{frontend->default_backend, frontend->default_answer});
      }
      (void)frontend_counters[frontend->id.index()];  // visible from now on
    }
    routers_.push_back(std::move(router));
  }
  adopt_backends(settings);
  upstreams.adopt(settings, server_counters, backend_counters);
  checker.adopt(settings);
}

void ProxyCore::adopt_backends(const Settings& settings) {
  if (desks_.size() < settings.backends.size()) desks_.resize(settings.backends.size());
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    (void)backend_counters[backend->id.index()];
    auto& desk = desks_[backend->id.index()];
    if (!desk) {
      const std::uint64_t seed[] = {environment.worker, backend->id.value()};
      desk = std::make_unique<BackendDesk>(environment.fleet, environment.worker, backend->id,
                                           keyed_hash(environment.hash_key, seed, sizeof seed));
    }
    desk->balancer.adopt(*backend);
  }
}

void ProxyCore::open_line(BackendId id) {
  if (std::find(lines_.begin(), lines_.end(), id) == lines_.end()) lines_.push_back(id);
}

void ProxyCore::serve_lines() {
  for (std::size_t i = 0; i < lines_.size();) {
    BackendDesk& served = desk(lines_[i]);
    serve_line(served);
    if (served.line.empty()) {
      lines_[i] = lines_.back();
      lines_.pop_back();
    } else {
      ++i;
    }
  }
}

// Where the backend is gone there is nothing to wait for.
void ProxyCore::serve_line(BackendDesk& served) {
  const Backend* wanted = backend(served.id);
  const Duration timeout = wanted == nullptr ? Duration::zero() : wanted->queue.timeout;
  served.line.advance(now(), timeout, [&] { return served.balancer.has_place(now()); });
}

void ProxyCore::enter_frontend(FrontendId id) {
  frontend_counters[id.index()].sessions.enter();
  WorkerLoad& load = environment.fleet.load(environment.worker);
  load.sessions[id.index()].add();
  load.clients.add();
}

void ProxyCore::leave_frontend(FrontendId id) {
  frontend_counters[id.index()].sessions.leave();
  WorkerLoad& load = environment.fleet.load(environment.worker);
  load.sessions[id.index()].subtract();
  load.clients.subtract();
}

RequestTag ProxyCore::request_tag(std::uint64_t serial) const {
  std::uint64_t text[] = {environment.worker, serial, 0};
  const std::uint64_t high = keyed_hash(environment.hash_key, text, sizeof text);
  text[2] = 1;
  return {high, keyed_hash(environment.hash_key, text, sizeof text)};
}

const Frontend* ProxyCore::frontend(FrontendId id) const {
  return id.index() < settings_->frontends.size() ? settings_->frontends[id.index()].get()
                                                  : nullptr;
}

const Backend* ProxyCore::backend(BackendId id) const {
  return id.index() < settings_->backends.size() ? settings_->backends[id.index()].get() : nullptr;
}

const ClientTimeouts& ProxyCore::timeouts(FrontendId id) const {
  static constexpr ClientTimeouts kDefaults;
  const Frontend* found = frontend(id);
  return found == nullptr ? kDefaults : found->timeouts;
}

std::string_view ProxyCore::via_name(FrontendId id) const {
  const Frontend* found = frontend(id);
  if (found != nullptr && !found->via_header) return {};
  return settings_->via_name;
}

std::unique_ptr<Turn> ProxyCore::make_turn() {
  if (unused_turns_.empty()) return std::make_unique<Turn>(*this);
  std::unique_ptr<Turn> turn = std::move(unused_turns_.back());
  unused_turns_.pop_back();
  return turn;
}

void ProxyCore::give_back(std::unique_ptr<Turn> turn) {
  ended_turns_.push_back(std::move(turn));
}

void ProxyCore::recycle_turns() {
  for (auto& turn : ended_turns_) {
    if (unused_turns_.size() >= kTurnsKept) break;
    turn->clear();
    unused_turns_.push_back(std::move(turn));
  }
  ended_turns_.clear();
}

}  // namespace sluice::http
