#include "deploy/testbed/impaired_link/congestion_mark.h"

namespace sluice::testbed {
namespace {

constexpr std::size_t kEthernet = 14;
constexpr unsigned kNotCapable = 0;
constexpr unsigned kCongestion = 3;

bool may_be_marked(unsigned ecn) {
  return ecn != kNotCapable && ecn != kCongestion;
}

// RFC 1624: the header's second byte grows by less than 4, and its checksum shrinks by as much.
void mend_checksum(std::span<std::uint8_t> packet, unsigned growth) {
  unsigned sum = ~(static_cast<unsigned>(packet[10]) << 8 | packet[11]) & 0xffff;
  sum += growth;
  sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
  packet[10] = static_cast<std::uint8_t>(sum >> 8);
  packet[11] = static_cast<std::uint8_t>(sum);
}

}  // namespace

bool mark_congestion(std::span<std::uint8_t> frame) {
  if (frame.size() < kEthernet + 20) return false;
  const unsigned type = static_cast<unsigned>(frame[12]) << 8 | frame[13];
  const std::span<std::uint8_t> packet = frame.subspan(kEthernet);
  if (type == 0x0800) {
    const unsigned ecn = packet[1] & 3U;
    if (!may_be_marked(ecn)) return false;
    packet[1] |= 3;
    mend_checksum(packet, kCongestion - ecn);
    return true;
  }
  if (type != 0x86dd || !may_be_marked(packet[1] >> 4 & 3U)) return false;
  packet[1] |= 0x30;
  return true;
}

}  // namespace sluice::testbed
