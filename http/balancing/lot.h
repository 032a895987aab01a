#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "http/balancing/rotation.h"

namespace sluice::http {

/// Draws servers by chance, each as likely as its weight. Not fit for secrets.
class Lot {
 public:
  explicit Lot(std::uint64_t seed) : state_(seed) {}

  void adopt(const Rotation& rotation);

  /// Nothing when no server is admitted. Most draws look at one server.
  std::optional<std::size_t> draw(const Rotation& rotation, const Filter& filter);
  /// From 0 to `below` - 1.
  std::uint64_t number(std::uint64_t below);

 private:
  std::size_t draw_any();
  std::optional<std::size_t> draw_among_admitted(const Rotation& rotation, const Filter& filter);

  std::uint64_t state_;
  std::vector<std::uint64_t> ends_;  // of each server's share, one behind the other
};

}  // namespace sluice::http
