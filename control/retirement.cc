#include "control/retirement.h"

#include <rte_rcu_qsbr.h>

#include <utility>

namespace sluice::control {
namespace {

// A worker may load the old pointer, then see the control thread start a grace period, and report
// a quiescent state for it while it still holds what is retired; it lets go in its next loop. So
// the loop after the first grace period has to end, too.
constexpr int kGracePeriods = 2;

}  // namespace

void Retirement::add(std::shared_ptr<const void> object) {
  if (object == nullptr) return;
  retired_.push_back({std::move(object), rte_rcu_qsbr_start(quiescence_.get()), kGracePeriods});
}

void Retirement::reclaim() {
  while (!retired_.empty()) {
    Retired& oldest = retired_.front();
    if (rte_rcu_qsbr_check(quiescence_.get(), oldest.token, false) == 0) return;
    if (--oldest.periods_left == 0) {
      retired_.pop_front();
    } else {
      oldest.token = rte_rcu_qsbr_start(quiescence_.get());
    }
  }
}

}  // namespace sluice::control
