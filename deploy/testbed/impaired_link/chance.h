#pragma once

#include <cstdint>

namespace sluice::testbed {

/// Numbers that follow from a seed, the same on every machine (SplitMix64). The distributions of
/// the standard library are not: each implementation has its own.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  /// The numbers of one frame: they depend on the seed and on which frame it is, and on nothing
  /// that other frames have used up.
  static Chance of_frame(std::uint64_t seed, std::uint64_t number) {
    return Chance(Chance(seed ^ (number * 0xd1342543de82ef95)).next());
  }

  std::uint64_t next() {
    std::uint64_t value = state_ += 0x9e3779b97f4a7c15;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    return value ^ (value >> 31);
  }

  /// At least 0 and below 1.
  double share() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_;
};

}  // namespace sluice::testbed
