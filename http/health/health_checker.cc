#include "http/health/health_checker.h"

#include <algorithm>
#include <utility>

namespace sluice::http {
namespace {

// The first check of a server that waits for it comes within this, so that many do not come at
// once.
constexpr Duration kSoon = std::chrono::milliseconds(50);

}  // namespace

/// One server and the verdict on it.
class HealthChecker::CheckedServer final : public HealthCheck::Listener, public Timer {
 public:
  CheckedServer(const HealthCheck::Tools& tools, Lot& lot, ServerId id, CheckTarget target,
                std::shared_ptr<UpstreamTls> tls)
      : tools_(tools),
        lot_(lot),
        settings_(target.settings),
        address_(target.address),
        host_(target.host),
        state_(tools.environment.fleet.server(id)),
        report_(tools.environment.fleet.report(id)),
        check_(tools, std::move(target), std::move(tls), *this) {}

  [[nodiscard]] const wire::Endpoint& address() const { return address_; }
  [[nodiscard]] bool is_as(const CheckTarget& target) const {
    return target.address == address_ && target.host == host_ && target.settings == settings_;
  }

  /// `verdict` is a guess until the first check; a single one may overturn it.
  void begin(CheckVerdict verdict, Duration within) {
    state_.set_verdict(verdict, now());
    report_.row.set(0);
    arm(Duration(
        static_cast<Duration::rep>(lot_.number(static_cast<std::uint64_t>(within.count()) + 1))));
  }

  void on_check_result(const CheckResult& result) override {
    report_.note(result);
    // What we lack says nothing of the server.
    if (result.outcome != CheckOutcome::kNoResources) judge(result.good());
    // A server that lets checks time out is asked again at once, and not later than others.
    arm(std::max(next_interval() - result.taken, Duration::zero()));
  }

 private:
  void on_timer(Instant /*now*/) override { check_.start(); }
  void arm(Duration delay) { tools_.environment.wheel.arm_after(*this, delay); }
  [[nodiscard]] Instant now() const { return tools_.environment.clock.now(); }

  void judge(bool good) {
    const bool up = state_.verdict() == CheckVerdict::kUp;
    if (up && !good) report_.failures.add();
    if (good) state_.end_pause(now());
    if (good == up) {
      report_.row.set(0);
      guess_ = false;
      return;
    }
    report_.row.add();
    const std::uint32_t needed = guess_ ? 1 : (up ? settings_.fall : settings_.rise);
    if (report_.row.get() < needed) return;
    report_.row.set(0);
    guess_ = false;
    if (up) report_.falls.add();
    state_.set_verdict(good ? CheckVerdict::kUp : CheckVerdict::kDown, now());
  }

  Duration next_interval() {
    const auto spread =
        static_cast<std::uint64_t>(settings_.interval.count()) * settings_.jitter_percent / 100;
    return settings_.interval - Duration(static_cast<Duration::rep>(spread)) +
           Duration(static_cast<Duration::rep>(lot_.number(2 * spread + 1)));
  }

  HealthCheck::Tools tools_;
  Lot& lot_;
  CheckSettings settings_;
  wire::Endpoint address_;
  std::string host_;
  ServerState& state_;
  CheckReport& report_;
  HealthCheck check_;
  bool guess_ = true;
};

HealthChecker::HealthChecker(const HealthCheck::Tools& tools)
    : tools_(tools), lot_(tools.environment.hash_key.low + tools.environment.worker) {}

HealthChecker::~HealthChecker() = default;

void HealthChecker::stop() {
  servers_.clear();
}

bool HealthChecker::falls_to_us(ServerId id) const {
  return id.index() % tools_.environment.fleet.workers() == tools_.environment.worker;
}

void HealthChecker::adopt(const Settings& settings) {
  std::unordered_map<ServerId, std::unique_ptr<CheckedServer>> former;
  std::swap(former, servers_);
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    for (const Server& server : backend->servers) {
      if (running_ && backend->check.active() && !knows(server.id)) {
        tools_.environment.fleet.server(server.id).await_first_check();
      }
      if (!falls_to_us(server.id)) continue;
      if (auto present = former.extract(server.id)) servers_.insert(std::move(present));
      adopt_server(*backend, server);
    }
  }
  // A name that comes back later is a new server.
  for (const auto& [id, server] : former) {
    tools_.environment.fleet.server(id).set_verdict(CheckVerdict::kNone,
                                                    tools_.environment.clock.now());
  }
  note_known(settings);
  running_ = true;
}

void HealthChecker::note_known(const Settings& settings) {
  known_.assign(settings.server_count, false);
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    for (const Server& server : backend->servers) {
      if (server.id.index() >= known_.size()) known_.resize(server.id.index() + 1);
      known_[server.id.index()] = true;
    }
  }
}

void HealthChecker::adopt_server(const Backend& backend, const Server& server) {
  if (backend.check.active() && server.mode != ServerMode::kMaint) {
    adopt_checked(backend, server);
    return;
  }
  servers_.erase(server.id);
  // Behind maintenance it must show first that it is back.
  const bool pending = running_ && backend.check.active();
  tools_.environment.fleet.server(server.id).set_verdict(
      pending ? CheckVerdict::kPending : CheckVerdict::kNone, tools_.environment.clock.now());
}

void HealthChecker::adopt_checked(const Backend& backend, const Server& server) {
  CheckTarget target{server.address, backend.check, backend.check.host};
  if (backend.check.port != 0) target.address.port = backend.check.port;
  if (target.host.empty()) target.host = server.tls_name;
  if (target.host.empty()) target.host = server.address.to_string();
  auto& checked = servers_[server.id];
  if (checked != nullptr && checked->is_as(target)) return;
  const bool moved = checked != nullptr && checked->address() != target.address;
  // Who worked without checks, or by others, goes on until the first result.
  const bool worked =
      knows(server.id) && !moved && !tools_.environment.fleet.server(server.id).out();
  const bool waits = running_ && !worked;
  if (!knows(server.id)) tools_.environment.fleet.report(server.id).forget();
  const Duration within =
      waits ? kSoon : std::min<Duration>(target.settings.interval, std::chrono::seconds(1));
  checked = std::make_unique<CheckedServer>(tools_, lot_, server.id, std::move(target),
                                            tls_of(backend, server));
  checked->begin(waits ? CheckVerdict::kPending : CheckVerdict::kUp, within);
}

std::shared_ptr<UpstreamTls> HealthChecker::tls_of(const Backend& backend,
                                                   const Server& server) const {
  const auto& contexts =
      backend.tls_contexts.empty() ? backend.check.tls_contexts : backend.tls_contexts;
  const std::uint32_t worker = tools_.environment.worker;
  if (worker >= contexts.size()) return nullptr;
  return std::make_shared<UpstreamTls>(contexts[worker], server.tls_name);
}

}  // namespace sluice::http
