#include "control/engine.h"

#include <cstdlib>
#include <stdexcept>
#include <thread>
#include <utility>

#include "control/log.h"

namespace sluice::control {
namespace {

// A pass of a worker's loop takes far less, even when it resets a million connections.
constexpr auto kPatienceWithWorkers = std::chrono::seconds(10);

std::unique_ptr<AccessLog> make_access_log(const Config& config) {
  if (!config.access_log.given()) return nullptr;
  return std::make_unique<AccessLog>(config.access_log, worker_count(config));
}

}  // namespace

Engine::Engine(const Config& config)
    : config_(config),
      access_log_(make_access_log(config_)),
      dataplane_(config_),
      proxy_key_(random_hash_key()),
      fleet_state_(dataplane_.fleet().size()),
      retired_(dataplane_.fleet().quiescence()) {
  worker::Fleet& fleet = dataplane_.fleet();
  snapshots_ = std::make_unique<SnapshotStore>(fleet.quiescence());
  for (std::uint32_t index = 0; index < fleet.size(); ++index) {
    programs_.push_back(std::make_unique<WorkerProgram>(
        fleet.worker(index), *snapshots_, proxy_key_, fleet_state_, config_.process.tls,
        access_log_ == nullptr ? nullptr : &access_log_->recorder(index)));
  }
}

Engine::~Engine() {
  if (!end()) std::abort();  // its threads use what would be taken down
}

void Engine::publish(http::Settings settings) {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->generation = ++generation_;
  snapshot->http = std::move(settings);
  snapshot->http.generation = generation_;
  if (access_log_ != nullptr) access_log_->learn(snapshot->http);
  snapshots_->publish(std::move(snapshot));
}

void Engine::publish(http::Settings settings, const Config& config) {
  config_ = config;
  publish(std::move(settings));
}

bool Engine::settled() {
  snapshots_->reclaim();
  return snapshots_->retired() == 0;
}

void Engine::start() {
  std::vector<worker::Application*> applications;
  for (const auto& program : programs_) applications.push_back(program.get());
  if (access_log_ != nullptr) access_log_->start(fleet_state_, [this] { return now(); });
  dataplane_.start(applications);
  running_ = true;
}

void Engine::drain() {
  for (const auto& program : programs_) program->drain();
}

bool Engine::end() {
  if (!running_) return true;
  for (const auto& program : programs_) program->end();
  const auto deadline = std::chrono::steady_clock::now() + kPatienceWithWorkers;
  for (const auto& program : programs_) {
    while (!program->ended()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  dataplane_.join();
  if (access_log_ != nullptr) access_log_->finish();
  running_ = false;
  return true;
}

std::vector<std::uint64_t> Engine::passes() const {
  std::vector<std::uint64_t> passes;
  for (std::uint32_t index = 0; index < fleet().size(); ++index) {
    passes.push_back(fleet().worker(index).counters().loops.get());
  }
  return passes;
}

void Engine::tend() {
  snapshots_->reclaim();
  retired_.reclaim();
  dataplane_.watch_links();
  watch_listeners();
}

void Engine::watch_listeners() {
  std::uint64_t failures = 0;
  for (const auto& program : programs_) failures += program->listen_failures();
  if (failures == listen_failures_) return;
  listen_failures_ = failures;
  log_error("some addresses of frontends cannot be listened on (" + std::to_string(failures) +
            " failures over all workers)");
}

}  // namespace sluice::control
