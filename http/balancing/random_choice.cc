#include "http/balancing/random_choice.h"

namespace sluice::http {
namespace {

// Draws of a second server that is another one than the first.
constexpr int kTries = 4;

}  // namespace

std::optional<std::size_t> TwoChoices::choose(Rotation& rotation, const Filter& filter,
                                              std::optional<std::uint64_t> /*key*/) {
  const auto first = lot_.draw(rotation, filter);
  auto second = first;
  for (int attempt = 0; attempt < kTries && second == first; ++attempt) {
    if (!first) return std::nullopt;
    second = lot_.draw(rotation, filter);
  }
  if (second == first) return first;
  const std::uint64_t first_weight = rotation.weight(*first, filter.now);
  const std::uint64_t second_weight = rotation.weight(*second, filter.now);
  // Idle ones are equal, whatever their weights: those had their part in the draw.
  const bool better = rotation.load(*second) * first_weight < rotation.load(*first) * second_weight;
  return better ? second : first;
}

}  // namespace sluice::http
