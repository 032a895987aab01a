#pragma once

#include <cmath>
#include <cstdint>
#include <optional>

namespace sluice::control {

/// How fast a counter grows, from looking at it once a second.
class Rate {
 public:
  /// `seconds` since the last look, above zero.
  void look(std::uint64_t total, double seconds) {
    if (last_ && total >= *last_) {
      current_ =
          static_cast<std::uint64_t>(std::llround(static_cast<double>(total - *last_) / seconds));
      if (current_ > maximum_) maximum_ = current_;
    }
    last_ = total;
  }

  /// A second, in the latest interval.
  [[nodiscard]] std::uint64_t current() const { return current_; }
  [[nodiscard]] std::uint64_t maximum() const { return maximum_; }
  /// The maximum counts from now on.
  void clear_maximum() { maximum_ = current_; }

 private:
  std::optional<std::uint64_t> last_;
  std::uint64_t current_ = 0;
  std::uint64_t maximum_ = 0;
};

}  // namespace sluice::control
