#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "http/balancing/algorithm.h"

namespace sluice::http {

/// Each server in turn, as often as its weight says. With equal weights the turn moves on from the
/// server that was chosen; with others each choice adds every server's weight to its credit and
/// takes the sum of the weights from the one with the most (as nginx does), which spreads a heavy
/// server's turns out instead of giving them in a row.
///
/// Workers go round for themselves: each gives the servers their shares, and so does the sum of
/// all.
class RoundRobin final : public ServerAlgorithm {
 public:
  /// `start` sets the first turn apart between workers.
  explicit RoundRobin(std::uint32_t start = 0) : start_(start), next_(start) {}

  void adopt(const Rotation& rotation, const Backend& backend) override;
  std::optional<std::size_t> choose(Rotation& rotation, const Filter& filter,
                                    std::optional<std::uint64_t> key) override;

 private:
  std::optional<std::size_t> choose_in_turn(const Rotation& rotation, const Filter& filter);
  std::optional<std::size_t> choose_by_weight(const Rotation& rotation, const Filter& filter);

  std::uint32_t start_;
  std::size_t next_;
  std::vector<std::int64_t> credit_;
};

}  // namespace sluice::http
