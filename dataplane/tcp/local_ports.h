#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/base/keyed_hash.h"
#include "dataplane/wire/flow.h"

namespace sluice::tcp {

/// Chooses the local port of a connection that we open: not predictable for others (RFC 6056
/// section 3.3.3, simple hash-based selection) and, where several workers share an address, one
/// whose flow belongs to this worker.
class LocalPorts {
 public:
  LocalPorts(std::uint16_t first, std::uint16_t last)
      : first_(first), count_(static_cast<std::uint32_t>(last - first) + 1) {}

  /// Sets `flow.local_port` to the next port for which `usable(flow)` holds. False when a bounded
  /// search found none.
  template <typename Usable>
  bool choose(wire::FlowKey& flow, Usable&& usable) {
    flow.local_port = 0;
    const auto offset = static_cast<std::uint32_t>(keyed_hash(key_, &flow, sizeof flow));
    const std::uint32_t tries = count_ < kMostTries ? count_ : kMostTries;
    for (std::uint32_t attempt = 0; attempt < tries; ++attempt) {
      flow.local_port = static_cast<std::uint16_t>(first_ + (offset + next_++) % count_);
      if (usable(flow)) return true;
    }
    return false;
  }

 private:
  // With every second port in use and eight workers, a search this long fails once in 10^100.
  static constexpr std::uint32_t kMostTries = 4096;

  std::uint32_t first_;
  std::uint32_t count_;
  const HashKey key_ = random_hash_key();
  std::uint32_t next_ = 0;
};

}  // namespace sluice::tcp
