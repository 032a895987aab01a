#pragma once

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "control/admin/sockets.h"
#include "control/certificates/expiry_watch.h"
#include "control/engine.h"
#include "control/key_log/key_log.h"
#include "control/management/report_desk.h"
#include "control/monitor.h"
#include "control/reload/reloader.h"
#include "control/service/service_manager.h"
#include "control/service/watchdog.h"
#include "control/signal_queue.h"
#include "control/telemetry.h"
#include "control/tickets/ticket_keeper.h"

namespace sluice::control {

/// What the control loop turns. What is a pointer may be null. All of it outlives the loop.
struct ControlParts {
  Engine& engine;
  Monitor& monitor;
  TicketKeeper& tickets;
  const SignalQueue& signals;
  AdminSockets* admin = nullptr;
  KeyLog* key_log = nullptr;
  ExpiryWatch* expiry = nullptr;
  Reloader* reloader = nullptr;
  Telemetry* telemetry = nullptr;
  ReportDesk* reports = nullptr;
  ServiceManager* service = nullptr;
  Watchdog* watchdog = nullptr;
};

/// The control thread's life while workers run: signals, the admin socket, and what is to be done
/// now and then.
class ControlLoop {
 public:
  explicit ControlLoop(const ControlParts& parts) : parts_(parts) {}

  /// Reloads at SIGHUP, opens the access log anew at SIGUSR1. Returns when the process is to end:
  /// after SIGTERM or SIGINT when every connection has ended, or the drain timeout is over, or at
  /// the second signal.
  void run();

 private:
  using Clock = std::chrono::steady_clock;

  void tick(Clock::time_point now);
  void tell_status();
  void give_sign_of_life(Clock::time_point now);
  void wait(Clock::time_point now);
  void heed_signals();
  void begin_drain(Clock::time_point now);
  [[nodiscard]] bool drained(Clock::time_point now);

  ControlParts parts_;
  std::vector<pollfd> waits_;
  Clock::time_point next_tick_;
  std::optional<Clock::time_point> drain_deadline_;
  bool at_once_ = false;
};

}  // namespace sluice::control
