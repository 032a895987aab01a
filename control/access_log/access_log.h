#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "control/access_log/access_line.h"
#include "control/access_log/haproxy_lines.h"
#include "control/access_log/name_tables.h"
#include "control/access_log/sink.h"
#include "control/config/config.h"
#include "dataplane/base/counter.h"
#include "http/access_log/access_recorder.h"
#include "http/balancing/fleet_state.h"

namespace sluice::control {

/// The access log: a thread of its own takes what the workers have put into their rings, and writes
/// it as lines. It keeps nobody waiting: where it cannot write, rings run full, or lines are lost,
/// and either is counted.
class AccessLog {
 public:
  /// Opens what is written to, and makes the rings. Throws std::runtime_error with a message for
  /// the operator.
  AccessLog(const AccessLogConfig& config, std::uint32_t workers);
  /// Writes what is left.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  /// What a worker puts its records into.
  [[nodiscard]] http::AccessRecorder& recorder(std::uint32_t worker) { return *recorders_[worker]; }
  /// Learns what ids stand for; before the settings are published.
  void learn(const http::Settings& settings) { names_.add(settings); }
  /// Begins to write. `fleet` outlives the writing; `now` tells the workers' time on any thread.
  void start(const http::FleetState& fleet, std::function<Instant()> now);
  /// Has the file opened anew, soon: it may have been renamed.
  void reopen();
  /// Writes what is in the rings, and stops. The workers put no more. A reader that does not keep
  /// up is waited for no longer than kPatience.
  void finish();

  /// Lines that were written, and that could not be. For any thread.
  [[nodiscard]] std::uint64_t written() const { return written_.get(); }
  [[nodiscard]] std::uint64_t lost() const { return lost_.get(); }

  static constexpr auto kPatience = std::chrono::seconds(2);

 private:
  using Tables = std::vector<NameTables::Shared>;

  void run();
  bool wait();
  void drain();
  void add_line(const http::AccessEntry& entry, std::uint32_t worker, const Tables& tables,
                std::chrono::nanoseconds epoch);
  void count_others(AccessLine& line, std::uint32_t worker) const;
  bool write();
  void write_the_last();
  void reopen_now();

  AccessFormat format_;
  std::vector<std::string> captures_;
  std::string to_;
  std::unique_ptr<AccessSink> sink_;
  std::vector<std::unique_ptr<http::AccessRecorder>> recorders_;
  NameTables names_;
  const http::FleetState* fleet_ = nullptr;
  std::function<Instant()> now_;

  // The thread's own.
  HaproxyLines haproxy_;
  LineBatch batch_;
  bool failing_ = false;

  Counter written_;
  Counter lost_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ending_ = false;
  bool reopening_ = false;
  std::thread thread_;
};

}  // namespace sluice::control
