#include "dataplane/testing/eal.h"

#include <rte_eal.h>

#include <iterator>
#include <stdexcept>

namespace sluice::testing {

void start_eal() {
  static const bool started = [] {
    const char* arguments[] = {"test",        "--no-huge",      "-m", "256", "--no-pci",
                               "--no-shconf", "--no-telemetry", "-l", "0",   "--log-level=error"};
    if (rte_eal_init(static_cast<int>(std::size(arguments)), const_cast<char**>(arguments)) < 0) {
      throw std::runtime_error("EAL does not start");
    }
    return true;
  }();
  (void)started;
}

}  // namespace sluice::testing
