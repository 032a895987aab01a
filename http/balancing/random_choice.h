#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "http/balancing/algorithm.h"
#include "http/balancing/lot.h"

namespace sluice::http {

/// Any server, as likely as its weight.
class RandomChoice final : public ServerAlgorithm {
 public:
  explicit RandomChoice(std::uint64_t seed) : lot_(seed) {}

  void adopt(const Rotation& rotation, const Backend& /*backend*/) override {
    lot_.adopt(rotation);
  }
  std::optional<std::size_t> choose(Rotation& rotation, const Filter& filter,
                                    std::optional<std::uint64_t> /*key*/) override {
    return lot_.draw(rotation, filter);
  }

 private:
  Lot lot_;
};

/// The better of two that are drawn by chance: the one with fewer exchanges in hand for its weight,
/// over all workers (Mitzenmacher, 2001). Nearly as even as least connections, at the same small
/// cost for any number of servers; and workers that decide at the same moment do not all choose the
/// same server.
class TwoChoices final : public ServerAlgorithm {
 public:
  explicit TwoChoices(std::uint64_t seed) : lot_(seed) {}

  void adopt(const Rotation& rotation, const Backend& /*backend*/) override {
    lot_.adopt(rotation);
  }
  std::optional<std::size_t> choose(Rotation& rotation, const Filter& filter,
                                    std::optional<std::uint64_t> key) override;

 private:
  Lot lot_;
};

}  // namespace sluice::http
