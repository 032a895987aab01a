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
// Soon enough for what the fastest worker's handshakes put meanwhile.
constexpr auto kKeyLogLook = std::chrono::milliseconds(50);

}  // namespace

void ControlLoop::run() {
  next_tick_ = Clock::now() + kTick;
  monitor_.tick();
  for (;;) {
    const Clock::time_point now = Clock::now();
    if (now >= next_tick_) tick(now);
    engine_.tend();
    engine_.retire(tickets_.tend(now));
    if (key_log_ != nullptr) key_log_->write();
    if (reports_ != nullptr) reports_->attend(drain_deadline_.has_value());
    if (at_once_ || (drain_deadline_ && drained(now))) return;
    wait(now);
    heed_signals();
  }
}

void ControlLoop::tick(Clock::time_point now) {
  monitor_.tick();
  if (telemetry_ != nullptr) telemetry_->update(monitor_);
  if (expiry_ != nullptr) {
    const auto time = static_cast<std::int64_t>(std::time(nullptr));
    for (const std::string& warning : expiry_->look(time)) log_warning(warning);
  }
  next_tick_ = now + kTick;
}

void ControlLoop::wait(Clock::time_point now) {
  Clock::duration patience = drain_deadline_ ? Clock::duration(kDrainLook) : kTendEvery;
  if (key_log_ != nullptr) patience = std::min<Clock::duration>(patience, kKeyLogLook);
  if (admin_ != nullptr && admin_->busy()) patience = kBusyLook;
  patience = std::min(patience, next_tick_ - now);
  waits_.assign(1, {signals_.fd(), POLLIN, 0});
  if (admin_ != nullptr) admin_->add_to(waits_);
  // Behind the admin socket's, which finds its own by their places.
  if (reports_ != nullptr) waits_.push_back({reports_->wanted_fd(), POLLIN, 0});
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  if (::poll(waits_.data(), waits_.size(), static_cast<int>(std::max<long>(milliseconds, 0))) < 0) {
    return;  // EINTR: what is ready will be ready again
  }
  if (admin_ != nullptr) admin_->serve(std::span(waits_).subspan(1), Clock::now());
}

void ControlLoop::heed_signals() {
  while (const int signal = signals_.next()) {
    if (signal == SIGHUP) {
      if (reloader_ != nullptr) reload_and_log(*reloader_);
    } else if (signal == SIGUSR1) {
      if (engine_.access_log() != nullptr) engine_.access_log()->reopen();
    } else if (drain_deadline_) {
      log_info("second signal: ending at once");
      at_once_ = true;
    } else {
      begin_drain(Clock::now());
    }
  }
}

void ControlLoop::begin_drain(Clock::time_point now) {
  const Duration timeout = engine_.config().process.drain_timeout;
  log_info("draining: no new connections; " + std::to_string(engine_.unfinished()) +
           " connections may take up to " + format_duration(timeout));
  engine_.drain();
  monitor_.set_stopping();
  drain_deadline_ = now + timeout;
}

bool ControlLoop::drained(Clock::time_point now) {
  const std::uint64_t left = engine_.unfinished();
  if (left == 0) return true;
  if (now < *drain_deadline_) return false;
  log_warning("the drain timeout is over: " + std::to_string(left) + " connections are reset");
  return true;
}

}  // namespace sluice::control
