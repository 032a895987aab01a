#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "dataplane/buffer/packet_pool.h"

namespace sluice::testing {

/// A fuzzer's input, taken off piece by piece; ends in zeros.
class FuzzInput {
 public:
  FuzzInput(const std::uint8_t* data, std::size_t size) : rest_(data, size) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    const auto taken = bytes(1);
    return taken.empty() ? std::uint8_t{0} : taken.front();
  }
  std::uint16_t word() { return static_cast<std::uint16_t>(byte() << 8 | byte()); }
  /// As many as are left, at most `size`.
  std::span<const std::uint8_t> bytes(std::size_t size) {
    const auto taken = rest_.first(size < rest_.size() ? size : rest_.size());
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  std::string_view text(std::size_t size) {
    const auto taken = bytes(size);
    return {reinterpret_cast<const char*>(taken.data()), taken.size()};
  }
  std::string_view rest() { return text(rest_.size()); }

 private:
  std::span<const std::uint8_t> rest_;
};

/// One pool for all runs of a fuzz target; starts EAL.
PacketPool& fuzz_pool();

/// Stops the fuzzer when something that must hold does not.
inline void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace sluice::testing
