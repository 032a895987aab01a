#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>

namespace sluice::http {

/// Ties the receive window of a message's source to the progress of its sink: bytes of the source
/// that were forwarded are given back only as the sink acknowledges. At any time at most as many
/// are held as the sink still has to acknowledge, so that what is in memory for one direction stays
/// below one receive window, whatever the framing makes of the sizes.
class ForwardWindow {
 public:
  /// `size` more bytes of the source have been passed on and not consumed.
  void forwarded(std::size_t size) { held_ += size; }

  /// How much may be consumed now that `pending` bytes wait for the sink's acknowledgment.
  [[nodiscard]] std::size_t release(std::size_t pending) {
    const std::size_t size = held_ - std::min(held_, pending);
    held_ -= size;
    return size;
  }
  /// All that is held: the sink is no concern any more.
  [[nodiscard]] std::size_t release_all() { return std::exchange(held_, 0); }

  [[nodiscard]] std::size_t held() const { return held_; }

 private:
  std::size_t held_ = 0;
};

}  // namespace sluice::http
