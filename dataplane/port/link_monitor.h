#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::port {

/// Tells workers, for one relaxed load a loop, that the link of some port has changed.
class LinkMonitor {
 public:
  [[nodiscard]] std::uint32_t changes() const { return changes_.load(std::memory_order_acquire); }
  void announce() { changes_.fetch_add(1, std::memory_order_release); }

 private:
  std::atomic<std::uint32_t> changes_{0};
};

/// One port's link, as the control side last saw it and any worker may read it.
class LinkState {
 public:
  explicit LinkState(LinkMonitor& monitor) : monitor_(monitor) {}

  [[nodiscard]] bool up() const { return up_.load(std::memory_order_relaxed); }
  /// How often the link has gone down: a worker that compares misses no fall, however short.
  [[nodiscard]] std::uint32_t falls() const { return falls_.load(std::memory_order_relaxed); }

  /// Notes the present state; returns whether it is news. Called by one thread at a time.
  bool set(bool up) {
    if (up_.exchange(up, std::memory_order_relaxed) == up) return false;
    if (!up) falls_.fetch_add(1, std::memory_order_relaxed);
    monitor_.announce();
    return true;
  }

 private:
  LinkMonitor& monitor_;
  std::atomic<bool> up_{false};
  std::atomic<std::uint32_t> falls_{0};
};

}  // namespace sluice::port
