#include "bench/load/report.h"

#include <string_view>

#include "bench/report_page.h"

namespace sluice::load {
namespace {

// In a script element a "<" could end it ("</script>") or change how it is read ("<!--").
std::string without_markup(std::string_view json) {
  std::string safe;
  safe.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

std::string report_page(const std::string& json) {
  constexpr std::string_view kPlace = "@DATA@";
  constexpr std::size_t kAt = kReportPage.find(kPlace);
  static_assert(kAt != std::string_view::npos);
  std::string page(kReportPage.substr(0, kAt));
  page += without_markup(json);
  page += kReportPage.substr(kAt + kPlace.size());
  return page;
}

}  // namespace sluice::load
