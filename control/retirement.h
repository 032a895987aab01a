#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "dataplane/worker/quiescence.h"

namespace sluice::control {

/// Keeps what was replaced until no worker can still look at it. The workers neither wait nor lock:
/// they tell once a loop that they hold nothing.
class Retirement {
 public:
  /// `quiescence` is told by every worker once a loop; it outlives this.
  explicit Retirement(worker::Quiescence& quiescence) : quiescence_(quiescence) {}
  Retirement(const Retirement&) = delete;
  Retirement& operator=(const Retirement&) = delete;

  /// Takes what the workers cannot find any more. Null is nothing.
  void add(std::shared_ptr<const void> object);
  /// Frees what every running worker has left. Called now and then.
  void reclaim();

  /// What is not free yet.
  [[nodiscard]] std::size_t size() const { return retired_.size(); }

 private:
  struct Retired {
    std::shared_ptr<const void> object;
    std::uint64_t token;
    int periods_left;
  };

  worker::Quiescence& quiescence_;
  std::deque<Retired> retired_;
};

}  // namespace sluice::control
