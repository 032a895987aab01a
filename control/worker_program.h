#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "control/snapshot.h"
#include "control/stats/counter_catalog.h"
#include "control/stats/http_statistics.h"
#include "dataplane/base/keyed_hash.h"
#include "dataplane/worker/application.h"
#include "dataplane/worker/worker.h"
#include "http/proxy.h"

namespace sluice::control {

/// What runs on one worker: the proxy, which is given each new snapshot between two bursts.
///
/// The control thread makes it, asks for its end and destroys it; everything else happens on the
/// worker's thread.
class WorkerProgram final : public worker::Application {
 public:
  /// But for `tls`, all of these outlive it. `access_log` may be null.
  WorkerProgram(worker::Worker& worker, SnapshotStore& snapshots, const HashKey& key,
                http::FleetState& fleet, const tls::EnvironmentOptions& tls,
                http::AccessRecorder* access_log);

  void begin_loop(Instant now) override;
  std::size_t do_rationed_work(Instant now) override;

  // For the control thread.

  /// Has something done by the worker, between two bursts.
  void post(std::function<void(worker::Worker&)> work);
  /// The same, by its proxy; nothing when that is gone already.
  void post_proxy(std::function<void(const http::Proxy&)> work);
  /// Takes no new connections and lets the present ones end.
  void drain();
  /// Resets what is open and makes the worker return from its loop.
  void end();
  /// Whether end() has been obeyed.
  [[nodiscard]] bool ended() const { return ended_.load(std::memory_order_acquire); }

  /// The worker's counters. Not to be read after end().
  [[nodiscard]] HttpCounters http_counters() const;
  [[nodiscard]] std::uint64_t listen_failures() const {
    return proxy_->counters().listen_failures.get();
  }
  [[nodiscard]] const tls::HandshakeStatistics& handshake_statistics() const {
    return proxy_->handshake_statistics();
  }
  [[nodiscard]] WorkerCounters counters(std::size_t ports) const;

 private:
  worker::Worker& worker_;
  SnapshotReader snapshots_;
  std::unique_ptr<http::Proxy> proxy_;
  std::atomic<bool> ended_{false};
};

}  // namespace sluice::control
