#include "control/control_loop.h"

#include <csignal>
#include <ctime>
#include <string>

#include "control/access_log/access_log.h"
#include "control/config/quantity.h"
#include "control/log.h"
#include "control/reload/reload_commands.h"

namespace sluice::control {
namespace {

constexpr auto kTick = std::chrono::seconds(1);
constexpr auto kTendEvery = std::chrono::milliseconds(250);
constexpr auto kDrainLook = std::chrono::milliseconds(20);
// While an answer is being made that takes time.
constexpr auto kBusyLook = std::chrono::milliseconds(5);
// More than it takes to end the workers and to take everything down.
constexpr auto kEnd = std::chrono::seconds(30);
// Soon enough for what the fastest worker's handshakes put meanwhile.
constexpr auto kKeyLogLook = std::chrono::milliseconds(50);

}  // namespace

void ControlLoop::run() {
  next_tick_ = Clock::now() + kTick;
  parts_.monitor.tick();
  for (;;) {
    const Clock::time_point now = Clock::now();
    if (now >= next_tick_) tick(now);
    parts_.engine.tend();
    parts_.engine.retire(parts_.tickets.tend(now));
    if (parts_.key_log != nullptr) parts_.key_log->write();
    if (parts_.reports != nullptr) parts_.reports->attend(drain_deadline_.has_value());
    give_sign_of_life(now);
    if (at_once_ || (drain_deadline_ && drained(now))) return;
    wait(now);
    heed_signals();
  }
}

void ControlLoop::tick(Clock::time_point now) {
  parts_.monitor.tick();
  if (parts_.telemetry != nullptr) parts_.telemetry->update(parts_.monitor);
  if (parts_.expiry != nullptr) {
    const auto time = static_cast<std::int64_t>(std::time(nullptr));
    for (const std::string& warning : parts_.expiry->look(time)) log_warning(warning);
  }
  tell_status();
  next_tick_ = now + kTick;
}

void ControlLoop::tell_status() {
  if (parts_.service == nullptr) return;
  const std::string connections = std::to_string(parts_.engine.connections()) + " connections";
  parts_.service->status((drain_deadline_ ? "Draining: " : "Serving: ") + connections);
}

void ControlLoop::give_sign_of_life(Clock::time_point now) {
  if (parts_.watchdog == nullptr || parts_.service == nullptr || !parts_.watchdog->due(now)) return;
  if (parts_.watchdog->look(now, parts_.engine.passes())) return parts_.service->alive();
  log_error("a worker hangs: the service manager is given no sign of life");
}

void ControlLoop::wait(Clock::time_point now) {
  Clock::duration patience = drain_deadline_ ? Clock::duration(kDrainLook) : kTendEvery;
  if (parts_.key_log != nullptr) patience = std::min<Clock::duration>(patience, kKeyLogLook);
  if (parts_.admin != nullptr && parts_.admin->busy()) patience = kBusyLook;
  patience = std::min(patience, next_tick_ - now);
  waits_.assign(1, {parts_.signals.fd(), POLLIN, 0});
  if (parts_.admin != nullptr) parts_.admin->add_to(waits_);
  // Behind the admin socket's, which finds its own by their places.
  if (parts_.reports != nullptr) waits_.push_back({parts_.reports->wanted_fd(), POLLIN, 0});
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  if (::poll(waits_.data(), waits_.size(), static_cast<int>(std::max<long>(milliseconds, 0))) < 0) {
    return;  // EINTR: what is ready will be ready again
  }
  if (parts_.admin != nullptr) parts_.admin->serve(std::span(waits_).subspan(1), Clock::now());
}

void ControlLoop::heed_signals() {
  while (const int signal = parts_.signals.next()) {
    if (signal == SIGHUP) {
      if (parts_.reloader != nullptr) reload_and_log(*parts_.reloader);
    } else if (signal == SIGUSR1) {
      if (parts_.engine.access_log() != nullptr) parts_.engine.access_log()->reopen();
    } else if (drain_deadline_) {
      log_info("second signal: ending at once");
      at_once_ = true;
    } else {
      begin_drain(Clock::now());
    }
  }
}

void ControlLoop::begin_drain(Clock::time_point now) {
  const Duration timeout = parts_.engine.config().process.drain_timeout;
  log_info("draining: no new connections; " + std::to_string(parts_.engine.unfinished()) +
           " connections may take up to " + format_duration(timeout));
  parts_.engine.drain();
  parts_.monitor.set_stopping();
  if (parts_.service != nullptr) {
    parts_.service->stopping(std::chrono::duration_cast<std::chrono::microseconds>(timeout) + kEnd);
  }
  drain_deadline_ = now + timeout;
}

bool ControlLoop::drained(Clock::time_point now) {
  const std::uint64_t left = parts_.engine.unfinished();
  if (left == 0) return true;
  if (now < *drain_deadline_) return false;
  log_warning("the drain timeout is over: " + std::to_string(left) + " connections are reset");
  return true;
}

}  // namespace sluice::control
