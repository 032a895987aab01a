#include "bench/load/outcome.h"

#include <spdlog/fmt/fmt.h>

namespace sluice::load {
namespace {

// Above this its own core may have shaped what was measured.
constexpr double kOwnLimit = 0.95;

}  // namespace

std::vector<std::string> Outcome::own_limits() const {
  std::vector<std::string> limits;
  if (results.own_load(settled) > kOwnLimit) {
    limits.emplace_back("its own cores were busy all the time");
  }
  if (results.receive_drops > 0) {
    limits.push_back(fmt::format("its ports dropped {} received packets", results.receive_drops));
  }
  if (results.transmit_drops > 0) {
    limits.push_back(fmt::format("its ports did not take {} packets", results.transmit_drops));
  }
  if (results.missed_starts > 0) {
    limits.push_back(fmt::format("{} starts were missed", results.missed_starts));
  }
  if (results.late_starts > 0) {
    limits.push_back(fmt::format("{} starts were more than 1 ms late", results.late_starts));
  }
  return limits;
}

}  // namespace sluice::load
