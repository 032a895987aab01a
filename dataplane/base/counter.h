#pragma once

#include <atomic>
#include <cstdint>

namespace sluice {

/// A count that one thread writes and any thread may read, without a locked instruction: the
/// writer's load and store are plain moves, and a reader sees some recent value, never a torn one.
class Counter {
 public:
  Counter() = default;
  /// A copy has the value of that moment.
  Counter(const Counter& other) : value_(other.get()) {}
  Counter& operator=(const Counter& other) {
    set(other.get());
    return *this;
  }

  void add(std::uint64_t amount = 1) { set(get() + amount); }
  void subtract(std::uint64_t amount = 1) { set(get() - amount); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  void raise_to(std::uint64_t value) {
    if (value > get()) set(value);
  }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

}  // namespace sluice
