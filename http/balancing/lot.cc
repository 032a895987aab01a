#include "http/balancing/lot.h"

#include <algorithm>

namespace sluice::http {
namespace {

// Draws that hit a server which is not admitted, before the others are counted.
constexpr int kTries = 8;

}  // namespace

void Lot::adopt(const Rotation& rotation) {
  ends_.clear();
  std::uint64_t sum = 0;
  for (std::size_t index = 0; index < rotation.size(); ++index) {
    sum += rotation.full_weight(index);
    ends_.push_back(sum);
  }
}

std::optional<std::size_t> Lot::draw(const Rotation& rotation, const Filter& filter) {
  if (ends_.empty() || ends_.back() == 0) return std::nullopt;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const std::size_t index = draw_any();
    if (!rotation.admits(index, filter)) continue;
    const std::uint32_t full = rotation.full_weight(index);
    const std::uint32_t weight = rotation.weight(index, filter.now);
    if (weight == full || number(full) < weight) return index;
  }
  return draw_among_admitted(rotation, filter);
}

std::size_t Lot::draw_any() {
  const std::uint64_t lot = number(ends_.back());
  return static_cast<std::size_t>(std::upper_bound(ends_.begin(), ends_.end(), lot) -
                                  ends_.begin());
}

std::optional<std::size_t> Lot::draw_among_admitted(const Rotation& rotation,
                                                    const Filter& filter) {
  std::optional<std::size_t> drawn;
  std::uint64_t sum = 0;
  for (std::size_t index = 0; index < rotation.size(); ++index) {
    if (!rotation.admits(index, filter)) continue;
    const std::uint32_t weight = rotation.weight(index, filter.now);
    sum += weight;
    // Each takes the place of those before it with its part of the sum so far.
    if (number(sum) < weight) drawn = index;
  }
  return drawn;
}

// SplitMix64 (Steele, Lea and Flood, 2014), scaled down by a multiplication.
std::uint64_t Lot::number(std::uint64_t below) {
  __extension__ using Wide = unsigned __int128;
  std::uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  mixed ^= mixed >> 31;
  return static_cast<std::uint64_t>((Wide{mixed} * below) >> 64);
}

}  // namespace sluice::http
