#pragma once

#include <chrono>

#include "control/management/http_session.h"
#include "control/metrics/report.h"

/// What the management address shows. HAProxy's addresses are answered as HAProxy does: a path that
/// ends with ";csv" or ";json" is the table of `show stat`.
namespace sluice::control {

/// What the management thread knows without a report.
struct Liveness {
  std::chrono::steady_clock::duration silence{};  ///< since the control thread was last heard of
  bool stopping = false;                          ///< the process drains
};

/// After so long a silence the control thread counts as stuck.
inline constexpr std::chrono::seconds kLongestSilence{5};

/// Whether the page needs a report; others are made without.
bool needs_report(const PageRequest& request);

/// A page that needs none: health, or a refusal.
Page page_without_report(const PageRequest& request, const Liveness& liveness);
Page page_of(const PageRequest& request, const Report& report);

}  // namespace sluice::control
