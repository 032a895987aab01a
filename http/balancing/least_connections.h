#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "http/balancing/algorithm.h"

namespace sluice::http {

/// The server with the fewest exchanges in hand for its weight, over all workers; of equal ones
/// each in turn. A server that answers slowly keeps what it has and is given less.
class LeastConnections final : public ServerAlgorithm {
 public:
  explicit LeastConnections(std::uint32_t start = 0) : next_(start) {}

  std::optional<std::size_t> choose(Rotation& rotation, const Filter& filter,
                                    std::optional<std::uint64_t> key) override;

 private:
  std::size_t next_;
};

}  // namespace sluice::http
