#pragma once

#include <string>

namespace sluice::load {

/// A page that shows a result: one HTML file that needs nothing beside it. `json` is what
/// result_json() or search_json() made.
std::string report_page(const std::string& json);

}  // namespace sluice::load
