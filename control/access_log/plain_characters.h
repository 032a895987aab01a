#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace sluice::control {

/// Printable ASCII, without what means something where it is to stand.
class PlainCharacters {
 public:
  constexpr explicit PlainCharacters(std::string_view special) {
    for (std::size_t c = ' '; c < 0x7f; ++c) {
      plain_[c] = special.find(static_cast<char>(c)) == std::string_view::npos;
    }
  }

  /// How many of the text's first characters are plain.
  [[nodiscard]] constexpr std::size_t count(std::string_view text) const {
    std::size_t count = 0;
    while (count < text.size() && plain_[static_cast<unsigned char>(text[count])]) ++count;
    return count;
  }

 private:
  std::array<bool, 256> plain_{};
};

}  // namespace sluice::control
