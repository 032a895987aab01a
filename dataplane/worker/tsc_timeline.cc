#include "dataplane/worker/tsc_timeline.h"

#include <rte_cycles.h>

namespace sluice::worker {

TscTimeline TscTimeline::starting_now() {
  return {rte_get_tsc_hz(), rte_get_tsc_cycles()};
}

}  // namespace sluice::worker
