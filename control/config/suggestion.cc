#include "control/config/suggestion.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace sluice::control {
namespace {

// Longer words are not misspellings, and the distance takes the product of the lengths in time.
constexpr std::size_t kLongestWord = 128;

bool same_letter(char a, char b) {
  return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
}

// The part behind the last dot: who writes "connect" for "timeout.connect" has the leaf right.
std::string_view last_part(std::string_view name) {
  return name.substr(name.rfind('.') + 1);
}

}  // namespace

std::size_t edit_distance(std::string_view first, std::string_view second) {
  const std::size_t width = second.size() + 1;
  std::vector<std::size_t> before(width);
  std::vector<std::size_t> above(width);
  std::vector<std::size_t> row(width);
  for (std::size_t j = 0; j < width; ++j) above[j] = j;
  for (std::size_t i = 1; i <= first.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j < width; ++j) {
      const bool same = same_letter(first[i - 1], second[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0U : 1U)});
      if (i > 1 && j > 1 && same_letter(first[i - 1], second[j - 2]) &&
          same_letter(first[i - 2], second[j - 1])) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before.swap(above);
    above.swap(row);
  }
  return above[second.size()];
}

std::string_view closest(std::string_view word, std::span<const std::string> candidates) {
  if (word.empty() || word.size() > kLongestWord) return {};
  std::string_view best;
  std::size_t least = word.size() / 3 + 2;  // one slip in a short word, more in a long one
  for (const std::string& candidate : candidates) {
    if (candidate.size() > kLongestWord) continue;
    std::size_t distance = edit_distance(word, candidate);
    if (distance >= word.size()) distance = least;
    if (last_part(candidate) == word) distance = std::min<std::size_t>(distance, 1);
    if (distance < least) {
      least = distance;
      best = candidate;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const std::string_view found = closest(word, candidates);
  if (found.empty()) return {};
  return std::string("; did you mean '").append(found).append("'?");
}

}  // namespace sluice::control
