#include "control/config/key_sections.h"

namespace sluice::control {

Section<ManagementConfig> management_section(const std::shared_ptr<Atlas>& atlas) {
  Section<ManagementConfig> section(
      atlas, "[management]",
      "Metrics and statistics over HTTP, on sockets of the kernel (see [Metrics](#metrics)).");
  using C = ManagementConfig;
  section.key("listen", list(endpoint()), &C::listen,
              "The machine's own addresses and ports to listen on, such as `127.0.0.1:9101`. "
              "Whoever reaches one can read every figure, and change nothing.");
  return section;
}

}  // namespace sluice::control
