#pragma once

#include <rte_rcu_qsbr.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/base/graveyard.h"
#include "dataplane/base/keyed_hash.h"
#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/buffer/packet_pool.h"
#include "dataplane/capture/capture_tap.h"
#include "dataplane/ip/interface_config.h"
#include "dataplane/ip/network.h"
#include "dataplane/port/counters.h"
#include "dataplane/port/hand_off.h"
#include "dataplane/port/link_monitor.h"
#include "dataplane/port/port.h"
#include "dataplane/port/steering.h"
#include "dataplane/tcp/config.h"
#include "dataplane/tcp/stack.h"
#include "dataplane/worker/application.h"
#include "dataplane/worker/counters.h"
#include "dataplane/worker/idle_policy.h"
#include "dataplane/worker/mailbox.h"
#include "dataplane/worker/receiver.h"
#include "dataplane/worker/transmitter.h"
#include "dataplane/worker/tsc_timeline.h"

namespace sluice::worker {

/// What the workers of a process have in common. All of it outlives them.
struct Surroundings {
  std::span<port::Port* const> ports;  ///< by PortId; started
  const port::LinkMonitor& links;
  port::HandOffMesh* received = nullptr;     ///< null for a single worker
  port::HandOffMesh* transmitted = nullptr;  ///< null for a single worker
  TscTimeline timeline;
  HashKey flow_key;                    ///< decides which worker owns a flow
  rte_rcu_qsbr* quiescence = nullptr;  ///< told when a worker holds no snapshot; may be null
};

/// What one worker is made from. Read by the constructor alone.
struct WorkerSettings {
  std::uint32_t index = 0;
  std::uint32_t count = 1;  ///< workers of the process
  std::span<const ip::InterfaceConfig> interfaces;
  ip::Config ip;
  tcp::StackConfig tcp;
  IdleMode idle = IdleMode::kAdaptive;
};

/// One worker: a core with its own queues, connections, timers and counters, that shares nothing
/// with the others but the rings to hand packets over. Everything here is called by the worker's
/// own thread, except where it says otherwise.
class Worker {
 public:
  /// `pool` is the worker's own, and outlives it like the pools of the others. Throws
  /// std::invalid_argument like ip::Network, std::bad_alloc like tcp::Stack.
  Worker(const WorkerSettings& settings, const Surroundings& surroundings, PacketPool& pool);
  ~Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Runs the loop on the calling thread until stop() is called.
  void run(Application& application);

  /// One pass of the loop, at an instant not earlier than the one before. Returns whether there
  /// was anything to do. run() calls it; a test may instead.
  bool run_once(Application& application, Instant now);

  /// Makes run() return after the present pass. From any thread.
  void stop() { stopping_.store(true, std::memory_order_relaxed); }
  /// Has something done in the worker's loop, at its beginning. From any thread.
  void post(std::function<void()> work) { mailbox_.post(std::move(work)); }

  [[nodiscard]] std::uint32_t index() const { return index_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  [[nodiscard]] TimerWheel& timers() { return timers_; }
  [[nodiscard]] PacketPool& pool() { return pool_; }
  [[nodiscard]] Graveyard& graveyard() { return graveyard_; }
  [[nodiscard]] ip::Network& network() { return network_; }
  [[nodiscard]] const ip::Network& network() const { return network_; }
  /// Whether packets waited when the last pass ended, to be received or to be sent: what has begun
  /// needs the time that new work would take.
  [[nodiscard]] bool behind() const { return receiver_.behind() || transmitter_.behind(); }
  /// Copies frames for a capture, from the next burst on.
  void begin_capture(std::shared_ptr<capture::Capture> capture) { tap_.begin(std::move(capture)); }
  [[nodiscard]] tcp::Stack& stack() { return stack_; }
  [[nodiscard]] const tcp::Stack& stack() const { return stack_; }

  // From any thread.
  /// The time line's present, more finely than clock(), which stands still during a pass.
  [[nodiscard]] Instant time() const;
  [[nodiscard]] const Counters& counters() const { return counters_; }
  [[nodiscard]] const port::Counters& port_counters(port::PortId port) const {
    return port_counters_[port.index()];
  }

 private:
  // Timers that fire in one pass; the rest is due in the next.
  static constexpr std::size_t kTimerBudget = 1024;

  port::Steering* make_steering(const WorkerSettings& settings, PacketPool& pool);
  void heed_links();
  void rest(Duration sleep);
  void join_quiescence();
  void leave_quiescence();

  std::uint32_t index_;
  Surroundings surroundings_;
  PacketPool& pool_;
  Clock clock_;
  TimerWheel timers_;
  Counters counters_;
  std::vector<port::Counters> port_counters_;
  capture::CaptureTap tap_;
  Transmitter transmitter_;
  ip::Network network_;
  tcp::Stack stack_;
  Graveyard graveyard_;
  std::optional<port::Steering> steering_;
  Receiver receiver_;
  IdlePolicy idle_;

  struct SeenLink {
    bool up = false;
    std::uint32_t falls = 0;
  };
  std::vector<SeenLink> seen_links_;
  std::uint32_t seen_changes_ = 0;

  Mailbox mailbox_;
  std::atomic<bool> stopping_{false};
};

}  // namespace sluice::worker
