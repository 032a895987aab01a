#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/mac_address.h"

namespace sluice::wire {

/// What an Ethernet frame carries; values below 0x0600 are lengths (IEEE 802.3) and not served.
enum EtherType : std::uint16_t {
  kEtherIpv4 = 0x0800,
  kEtherArp = 0x0806,
  kEtherVlan = 0x8100,  ///< IEEE 802.1Q tag
  kEtherIpv6 = 0x86dd,
  kEtherServiceVlan = 0x88a8,  ///< IEEE 802.1ad tag
};

/// The header of an Ethernet II frame.
class EthernetHeader {
 public:
  static constexpr std::size_t kSize = 14;

  /// A view of the header, or nothing when the frame is shorter.
  static std::optional<EthernetHeader> parse(Bytes frame) {
    if (frame.size() < kSize) return {};
    return EthernetHeader(frame.data());
  }

  [[nodiscard]] MacAddress destination() const { return MacAddress::from(at_); }
  [[nodiscard]] MacAddress source() const { return MacAddress::from(at_ + 6); }
  /// An EtherType, or another number.
  [[nodiscard]] std::uint16_t type() const { return load_be16(at_ + 12); }

 private:
  explicit EthernetHeader(const std::uint8_t* at) : at_(at) {}
  const std::uint8_t* at_;
};

/// Writes EthernetHeader::kSize bytes.
inline void write_ethernet_header(std::uint8_t* out, const MacAddress& destination,
                                  const MacAddress& source, std::uint16_t type) {
  std::memcpy(out, destination.bytes.data(), 6);
  std::memcpy(out + 6, source.bytes.data(), 6);
  store_be16(out + 12, type);
}

}  // namespace sluice::wire
