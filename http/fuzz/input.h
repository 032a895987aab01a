#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/buffer/packet_pool.h"

namespace sluice::http::fuzz {

/// A fuzzer's input, taken off piece by piece; ends in zeros.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size)
      : rest_(reinterpret_cast<const char*>(data), size) {}

  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t byte() {
    const std::string_view taken = bytes(1);
    return taken.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(taken.front());
  }
  std::string_view bytes(std::size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() { return bytes(rest_.size()); }

 private:
  std::string_view rest_;
};

/// One pool for all runs.
PacketPool& pool();

/// Stops the fuzzer when something that must hold does not.
void require(bool condition);

}  // namespace sluice::http::fuzz
