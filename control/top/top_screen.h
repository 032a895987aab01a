#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "control/top/top_figures.h"

namespace sluice::control {

/// What the user of `sluice top` has chosen.
struct TopView {
  enum class Order : std::uint8_t { kConfigured, kRate, kSessions, kErrors, kTime };

  Order order = Order::kConfigured;
  std::string filter;     ///< only what has this in its name, or its proxy's; empty: everything
  bool typing = false;    ///< the filter is being typed
  bool servers = true;    ///< servers are shown, not only their backends
  std::size_t first = 0;  ///< of the rows, the one that stands first
};

struct TopSize {
  std::size_t lines = 24;
  std::size_t columns = 80;
};

struct TopLine {
  enum class Style : std::uint8_t { kPlain, kStrong, kHeader, kBad, kWarning };

  std::string text;  ///< printable ASCII, no longer than the screen is wide
  Style style = Style::kPlain;
};

/// The screen, line by line, never more than fit. `fault` is why the figures are old; empty: they
/// are new.
std::vector<TopLine> draw_top(const TopFigures& figures, const TopView& view, TopSize size,
                              const std::string& fault);

/// Rows of frontends, backends and servers that the view has: for scrolling.
std::size_t count_top_rows(const TopFigures& figures, const TopView& view);

}  // namespace sluice::control
