#include "control/worker_program.h"

#include <utility>

namespace sluice::control {

WorkerProgram::WorkerProgram(worker::Worker& worker, SnapshotStore& snapshots, const HashKey& key,
                             http::FleetState& fleet, const tls::EnvironmentOptions& tls,
                             http::AccessRecorder* access_log)
    : worker_(worker),
      snapshots_(snapshots),
      proxy_(std::make_unique<http::Proxy>(http::ProxyEnvironment{
          worker.stack(), worker.clock(), worker.timers(), worker.pool(), worker.graveyard(), key,
          fleet, worker.index(), tls, access_log})) {}

void WorkerProgram::begin_loop(Instant now) {
  if (!proxy_) return;
  snapshots_.begin_loop([this](const Snapshot& snapshot) { proxy_->adopt(snapshot.http); });
  proxy_->begin_loop(now);
}

std::size_t WorkerProgram::do_rationed_work(Instant now) {
  return proxy_ ? proxy_->do_rationed_work(now) : 0;
}

void WorkerProgram::post(std::function<void(worker::Worker&)> work) {
  worker_.post([&worker = worker_, work = std::move(work)] { work(worker); });
}

void WorkerProgram::post_proxy(std::function<void(const http::Proxy&)> work) {
  worker_.post([this, work = std::move(work)] {
    if (proxy_) work(*proxy_);
  });
}

void WorkerProgram::drain() {
  worker_.post([this] {
    if (proxy_) proxy_->drain();
  });
}

// The proxy goes first, since it holds streams of the stack. What both send leaves at the end of
// the same pass of the loop, which is the last one.
void WorkerProgram::end() {
  worker_.post([this] {
    proxy_.reset();
    worker_.stack().abort_all();
    worker_.stop();
    ended_.store(true, std::memory_order_release);
  });
}

HttpCounters WorkerProgram::http_counters() const {
  return {proxy_->frontend_counters(), proxy_->backend_counters(), proxy_->server_counters()};
}

WorkerCounters WorkerProgram::counters(std::size_t ports) const {
  std::vector<const port::Counters*> port_counters;
  for (std::size_t i = 0; i < ports; ++i) {
    port_counters.push_back(
        &worker_.port_counters(port::PortId(static_cast<port::PortId::rep>(i))));
  }
  return {worker_.counters(),
          worker_.pool(),
          std::move(port_counters),
          worker_.network().counters(),
          worker_.stack().counters(),
          proxy_->tls_counters(),
          proxy_->upstream_tls_counters(),
          proxy_->counters()};
}

}  // namespace sluice::control
