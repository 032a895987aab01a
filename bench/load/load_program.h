#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "bench/load/arrivals.h"
#include "bench/load/client.h"
#include "bench/load/client_core.h"
#include "bench/load/settings.h"
#include "bench/load/statistics.h"
#include "dataplane/base/object_pool.h"
#include "dataplane/worker/application.h"
#include "dataplane/worker/worker.h"

namespace sluice::load {

/// The clients of one worker, and when each begins. Made by the control thread, which also stops
/// it; everything else happens on the worker's thread.
class LoadProgram final : public worker::Application, private ClientOwner {
 public:
  /// `settings` are the whole load's; this is the program of one of `workers`. Both outlive it.
  LoadProgram(worker::Worker& worker, const Settings& settings, std::uint32_t workers);
  ~LoadProgram();

  void begin_loop(Instant now) override;

  // For the control thread.

  /// Open loop: from now on begins at these rates; what was due and not begun is forgotten.
  void offer(const std::vector<RateStep>& rate);
  /// Begins nothing new; what is under way goes on.
  void stop();
  /// Resets what is left and makes the worker return from its loop.
  void end();
  /// Whether everything that was to be done has been, or was stopped and has come to its end.
  [[nodiscard]] bool finished() const { return finished_.load(std::memory_order_acquire); }
  [[nodiscard]] const Statistics& statistics() const { return *statistics_; }

 private:
  void on_idle(Client& client) override;
  void on_busy(Client& client) override;
  void on_done(Client& client) override;
  const wire::IpAddress& next_source(const wire::IpAddress& server) override;

  [[nodiscard]] bool prepare_way(Instant now);
  void begin_arrivals(const std::vector<RateStep>& rate, Instant now);
  void open_loop(Instant now);
  void closed_loop(Instant now);
  [[nodiscard]] bool may_start(std::uint32_t started) const;
  [[nodiscard]] bool dispatch(Instant due);
  bool start_client(Instant due);
  [[nodiscard]] bool exhausted() const { return bounded_ && left_ == 0; }
  const Target& next_target();
  void wind_up();
  void free_done();

  worker::Worker& worker_;
  const Settings& settings_;
  std::uint32_t index_;
  std::uint32_t workers_;
  std::uint32_t most_connections_;  // of this worker
  bool bounded_;
  std::uint64_t left_;  // starts that the count still allows
  std::unique_ptr<Statistics> statistics_;
  ReaderTools tools_;
  std::unique_ptr<tls::ClientContext> tls_context_;  // null when no target is secure
  tls::Counters tls_counters_;
  tls::Environment tls_;
  SessionStore sessions_;
  ClientCore core_;
  ObjectPool<Client> clients_;
  std::vector<Client*> done_;
  Client* idle_ = nullptr;  // latest first
  std::optional<Instant> way_asked_at_;
  bool way_prepared_ = false;
  std::optional<Arrivals> arrivals_;
  bool winding_up_ = false;
  std::deque<Instant> waiting_;  // due, but as many as allowed were under way
  std::vector<std::uint32_t> target_turns_;
  std::size_t next_turn_ = 0;
  std::size_t next_source_ = 0;
  double hold_phase_ = 0;
  std::atomic<bool> finished_{false};
};

}  // namespace sluice::load
