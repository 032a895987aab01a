#include "dataplane/wire/arp.h"

#include "dataplane/wire/ethernet.h"

namespace sluice::wire {
namespace {

constexpr std::uint16_t kHardwareEthernet = 1;
constexpr std::uint8_t kHardwareSize = 6;
constexpr std::uint8_t kProtocolSize = 4;

}  // namespace

std::optional<ArpPacket> ArpPacket::parse(Bytes bytes) {
  if (bytes.size() < kSize) return {};
  const std::uint8_t* at = bytes.data();
  if (load_be16(at) != kHardwareEthernet || load_be16(at + 2) != kEtherIpv4 ||
      at[4] != kHardwareSize || at[5] != kProtocolSize) {
    return {};
  }
  ArpPacket packet;
  packet.operation = load_be16(at + 6);
  packet.sender_mac = MacAddress::from(at + 8);
  packet.sender_ip = IpAddress::v4(at + 14);
  packet.target_mac = MacAddress::from(at + 18);
  packet.target_ip = IpAddress::v4(at + 24);
  return packet;
}

void ArpPacket::write(std::uint8_t* out) const {
  store_be16(out, kHardwareEthernet);
  store_be16(out + 2, kEtherIpv4);
  out[4] = kHardwareSize;
  out[5] = kProtocolSize;
  store_be16(out + 6, operation);
  std::memcpy(out + 8, sender_mac.bytes.data(), 6);
  std::memcpy(out + 14, sender_ip.v4_bytes(), 4);
  std::memcpy(out + 18, target_mac.bytes.data(), 6);
  std::memcpy(out + 24, target_ip.v4_bytes(), 4);
}

}  // namespace sluice::wire
