#include "http/proxy_core.h"

#include <utility>

#include "http/client_session.h"
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
      settings_(&no_settings()) {}

// The streams that are reset here are buried with references to what goes now.
ProxyCore::~ProxyCore() {
  while (!sessions.empty()) sessions.back()->destroy();
  upstreams.reset_all();
  environment.graveyard.clear();
}

void ProxyCore::adopt(const Settings& settings) {
  settings_ = &settings;
  routers_.clear();
  for (const auto& frontend : settings.frontends) {
    std::shared_ptr<const Router> router;
    if (frontend) {
      router = frontend->router;
      if (!router) {
        router = std::make_shared<const Router>(frontend->routes, frontend->default_backend);
      }
      (void)frontend_counters[frontend->id.index()];  // visible from now on
    }
    routers_.push_back(std::move(router));
  }
  balancers_.resize(settings.backends.size());
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    (void)backend_counters[backend->id.index()];
    auto& balancer = balancers_[backend->id.index()];
    if (!balancer) balancer = std::make_unique<RoundRobin>(environment.worker);
  }
  upstreams.adopt(settings, server_counters, backend_counters);
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
