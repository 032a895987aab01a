#include "control/reload/line_diff.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace sluice::control {
namespace {

using Lines = std::vector<std::string_view>;

constexpr std::size_t kContext = 1;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// A line that is kept, removed (' ' or '-', with its place before) or added.
struct Step {
  char mark;
  std::string_view line;
};

/// Myers' greedy search for the shortest way from one list of lines to the other: with d removals
/// and additions at most, how far does each diagonal lead? Takes time by the number of differences.
class Search {
 public:
  Search(const Lines& before, const Lines& after) : before_(before), after_(after) {}

  std::vector<Step> run() {
    const auto most = static_cast<long>(before_.size() + after_.size());
    std::vector<long> reach{0};  // by diagonal, from -d to d
    for (long d = 0; d <= most; ++d) {
      std::vector<long> next(static_cast<std::size_t>(2 * d + 1));
      for (long k = -d; k <= d; k += 2) {
        long x = d == 0 ? 0 : from(reach, d, k);
        x = along(x, x - k);
        next[static_cast<std::size_t>(k + d)] = x;
        if (at_end(x, x - k)) {
          history_.push_back(std::move(next));
          return steps(d, k);
        }
      }
      history_.push_back(next);
      reach = std::move(next);
    }
    return {};
  }

 private:
  // Where diagonal k begins with d steps: from the one above or the one below with d - 1.
  [[nodiscard]] static long from(const std::vector<long>& reach, long d, long k) {
    const auto at = [&](long diagonal) {
      return reach[static_cast<std::size_t>(diagonal + d - 1)];
    };
    if (k == -d) return at(k + 1);
    if (k == d) return at(k - 1) + 1;
    return std::max(at(k - 1) + 1, at(k + 1));
  }

  [[nodiscard]] long along(long x, long y) const {
    while (x < static_cast<long>(before_.size()) && y < static_cast<long>(after_.size()) &&
           before_[static_cast<std::size_t>(x)] == after_[static_cast<std::size_t>(y)]) {
      ++x;
      ++y;
    }
    return x;
  }

  [[nodiscard]] bool at_end(long x, long y) const {
    return x >= static_cast<long>(before_.size()) && y >= static_cast<long>(after_.size());
  }

  // The way back, turned round.
  std::vector<Step> steps(long d, long k) const {
    std::vector<Step> steps;
    auto x = static_cast<long>(before_.size());
    const auto keep_down_to = [&](long start) {
      while (x > start) steps.push_back({' ', before_[static_cast<std::size_t>(--x)]});
    };
    for (; d > 0; --d) {
      const std::vector<long>& reach = history_[static_cast<std::size_t>(d - 1)];
      const long start = from(reach, d, k);
      keep_down_to(start);
      const bool removal =
          k == d || (k != -d && reach[static_cast<std::size_t>(k - 1 + d - 1)] + 1 == start);
      if (removal) {
        steps.push_back({'-', before_[static_cast<std::size_t>(--x)]});
        --k;
      } else {
        steps.push_back({'+', after_[static_cast<std::size_t>(start - k - 1)]});
        ++k;
      }
    }
    keep_down_to(0);
    std::reverse(steps.begin(), steps.end());
    put_removals_first(steps);
    return steps;
  }

  // As diff does: what replaces something stands behind it.
  static void put_removals_first(std::vector<Step>& steps) {
    const auto kept = [](const Step& step) { return step.mark == ' '; };
    for (auto begin = steps.begin(); begin != steps.end();) {
      const auto first = std::find_if_not(begin, steps.end(), kept);
      const auto last = std::find_if(first, steps.end(), kept);
      std::stable_partition(first, last, [](const Step& step) { return step.mark == '-'; });
      begin = last;
    }
  }

  const Lines& before_;
  const Lines& after_;
  std::vector<std::vector<long>> history_;
};

// "@@ -4,3 +4,2 @@" and the steps from `begin` to `end`.
std::string hunk(const std::vector<Step>& steps, std::size_t begin, std::size_t end) {
  std::size_t before = 1;
  std::size_t after = 1;
  for (std::size_t i = 0; i < begin; ++i) {
    before += steps[i].mark != '+' ? 1 : 0;
    after += steps[i].mark != '-' ? 1 : 0;
  }
  std::size_t old_lines = 0;
  std::size_t new_lines = 0;
  std::string text;
  for (std::size_t i = begin; i < end; ++i) {
    old_lines += steps[i].mark != '+' ? 1 : 0;
    new_lines += steps[i].mark != '-' ? 1 : 0;
    text.append(1, steps[i].mark).append(steps[i].line).append("\n");
  }
  return "@@ -" + std::to_string(before) + "," + std::to_string(old_lines) + " +" +
         std::to_string(after) + "," + std::to_string(new_lines) + " @@\n" + text;
}

}  // namespace

std::string line_diff(std::string_view before, std::string_view after) {
  const Lines old_lines = lines_of(before);
  const Lines new_lines = lines_of(after);
  const std::vector<Step> steps = Search(old_lines, new_lines).run();
  std::string text;
  for (std::size_t i = 0; i < steps.size();) {
    if (steps[i].mark == ' ') {
      ++i;
      continue;
    }
    const std::size_t begin = i < kContext ? 0 : i - kContext;
    std::size_t last = i;
    for (std::size_t j = i; j < steps.size() && j <= last + 2 * kContext + 1; ++j) {
      if (steps[j].mark != ' ') last = j;
    }
    const std::size_t end = std::min(last + kContext + 1, steps.size());
    text += hunk(steps, begin, end);
    i = end;
  }
  return text;
}

}  // namespace sluice::control
