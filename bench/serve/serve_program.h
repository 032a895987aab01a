#pragma once

#include <atomic>
#include <memory>

#include "bench/serve/session.h"
#include "bench/serve/settings.h"
#include "bench/serve/statistics.h"
#include "dataplane/base/object_pool.h"
#include "dataplane/worker/application.h"
#include "dataplane/worker/worker.h"
#include "tls/environment.h"

namespace sluice::serve {

/// The origin on one worker: listens, and answers what it is asked.
class ServeProgram final : public worker::Application, private Acceptor {
 public:
  /// `settings` outlive it. Throws std::runtime_error when the worker's pool is empty.
  ServeProgram(worker::Worker& worker, const Settings& settings);

  void begin_loop(Instant now) override;
  std::size_t do_rationed_work(Instant now) override { return tls_.finish_pass(now); }

  // For the control thread.

  /// Resets what is open and makes the worker return from its loop.
  void end();
  [[nodiscard]] const Statistics& statistics() const { return statistics_; }
  [[nodiscard]] const tls::Counters& tls_counters() const { return tls_counters_; }
  /// An address could not be listened on.
  [[nodiscard]] bool listen_failed() const { return listen_failed_.load(); }

 private:
  StreamHandler* on_accept(Stream& stream, const wire::Endpoint& listening) override;

  worker::Worker& worker_;
  const Settings& settings_;
  Statistics statistics_;
  tls::Counters tls_counters_;
  tls::Environment tls_;
  SessionCore core_;
  ObjectPool<Session> sessions_;
  bool listening_ = false;
  std::atomic<bool> listen_failed_{false};
};

}  // namespace sluice::serve
