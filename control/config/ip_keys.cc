#include "control/config/key_sections.h"

namespace sluice::control {

Section<IpConfig> ip_section(const std::shared_ptr<Atlas>& atlas) {
  Section<IpConfig> section(atlas, "[ip]", "IP. The defaults suit the internet.");
  using C = IpConfig;
  section
      .key(
          "fragments",
          choice<ip::FragmentUse>(
              {{"drop", ip::FragmentUse::kDrop}, {"reassemble", ip::FragmentUse::kReassemble}}),
          inside(&C::ip, &ip::Config::fragments),
          "What is done with IP fragments. TCP cuts its data to size itself, so that most "
          "fragments "
          "come from attackers; `reassemble` is for peers behind tunnels that break packets up. On "
          "an `af_packet` port the kernel has already put IPv4's together.")
      .key("path_mtu_minimum", narrowed<std::uint16_t>(integer(256, 1500)),
           inside(&C::ip, &ip::Config::path_mtu_minimum),
           "The least size of IPv4 packets, in bytes, that a router's \"fragmentation needed\" can "
           "bring about. IPv6 has a minimum of its own, 1280.");
  return section;
}

}  // namespace sluice::control
