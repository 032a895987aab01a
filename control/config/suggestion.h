#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace sluice::control {

/// How many insertions, deletions, replacements and swaps of neighbouring letters turn one word
/// into the other (restricted Damerau-Levenshtein distance), letter case aside.
std::size_t edit_distance(std::string_view first, std::string_view second);

/// The candidate an operator most likely meant by a misspelt word, or "" when none is near.
std::string_view closest(std::string_view word, std::span<const std::string> candidates);

/// "; did you mean 'X'?", or "" when no candidate is near: the end of an error message.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace sluice::control
