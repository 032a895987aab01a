#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>

#include "control/admin/unix_socket.h"
#include "control/metrics/report.h"

namespace sluice::control {

/// Where the management thread asks for reports and the control thread, which alone may look at
/// everything, makes them. Neither waits for the other: both are woken by file descriptors. What is
/// asked for several times before it is made is made once.
class ReportDesk {
 public:
  using Clock = std::chrono::steady_clock;
  using ReportPointer = std::shared_ptr<const Report>;

  /// `make` makes a report, on the control thread. Throws std::runtime_error when there are no file
  /// descriptors left.
  explicit ReportDesk(std::function<Report()> make);

  // For the control thread.

  /// Becomes readable when a report is wanted.
  [[nodiscard]] int wanted_fd() const { return wanted_event_.get(); }
  /// Makes a report if one is wanted. Called in every pass of the control loop: the times of these
  /// calls show that the thread lives. `stopping`: the process drains.
  void attend(bool stopping);

  // For the management thread.

  void want();
  /// Becomes readable when a report was made.
  [[nodiscard]] int made_fd() const { return made_event_.get(); }
  /// The report that was made since the last call; null if there is none.
  [[nodiscard]] ReportPointer take();
  /// How long ago the control thread was last here.
  [[nodiscard]] Clock::duration silence() const;
  /// Whether the process drains.
  [[nodiscard]] bool stopping() const { return stopping_.load(std::memory_order_relaxed); }

 private:
  std::function<Report()> make_;
  FileDescriptor wanted_event_;
  FileDescriptor made_event_;
  std::atomic<bool> wanted_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<Clock::rep> attended_;
  std::mutex mutex_;
  ReportPointer made_;  // under mutex_
};

}  // namespace sluice::control
