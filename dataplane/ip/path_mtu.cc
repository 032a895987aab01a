#include "dataplane/ip/path_mtu.h"

#include <algorithm>
#include <array>

namespace sluice::ip {
namespace {

// RFC 1191 section 7: MTUs that links of the time had, for routers that do not tell theirs.
constexpr std::array<std::uint16_t, 10> kPlateaus{32000, 17914, 8166, 4352, 2002,
                                                  1492,  1006,  508,  296,  68};

std::uint32_t plateau_below(std::uint32_t packet_size) {
  const auto* found = std::find_if(kPlateaus.begin(), kPlateaus.end(),
                                   [&](std::uint16_t plateau) { return plateau < packet_size; });
  return found == kPlateaus.end() ? 0 : *found;
}

}  // namespace

std::optional<std::uint16_t> claimed_path_mtu_v4(std::uint32_t claimed, std::uint32_t packet_size,
                                                 std::uint16_t minimum) {
  const std::uint32_t told = claimed == 0 ? plateau_below(packet_size) : claimed;
  const std::uint32_t mtu = std::max<std::uint32_t>(told, minimum);
  if (mtu >= packet_size) return {};
  return static_cast<std::uint16_t>(mtu);
}

std::optional<std::uint16_t> claimed_path_mtu_v6(std::uint32_t claimed, std::uint32_t packet_size) {
  if (claimed < kLeastMtuV6 || claimed >= packet_size) return {};
  return static_cast<std::uint16_t>(claimed);
}

}  // namespace sluice::ip
