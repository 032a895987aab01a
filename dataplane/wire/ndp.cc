#include "dataplane/wire/ndp.h"

#include "dataplane/wire/icmp.h"

namespace sluice::wire {
namespace {

// Both messages: ICMPv6 header, target address, options.
constexpr std::size_t kTargetOffset = 8;
constexpr std::size_t kOptionsOffset = 24;

constexpr std::uint32_t kSolicitedFlag = 1U << 30;
constexpr std::uint32_t kOverrideFlag = 1U << 29;

enum OptionType : std::uint8_t {
  kSourceLinkLayerAddress = 1,
  kTargetLinkLayerAddress = 2,
};

struct Options {
  std::optional<MacAddress> mac;
};

// Looks for a link-layer address of the given type. Nothing at all when an option has a length of
// zero or reaches beyond the message, which makes the message invalid.
std::optional<Options> read_options(Bytes options, OptionType wanted) {
  constexpr std::size_t kUnit = 8;  // of the length field
  Options result;
  while (!options.empty()) {
    if (options.size() < 2) return {};
    const std::size_t size = options[1] * kUnit;
    if (size == 0 || size > options.size()) return {};
    if (options[0] == wanted && size == kUnit && !result.mac) {
      result.mac = MacAddress::from(&options[2]);
    }
    options = options.subspan(size);
  }
  return result;
}

bool is_valid_message(Bytes message, std::uint8_t type, std::uint8_t hop_limit) {
  return hop_limit == kNdpHopLimit && message.size() >= kOptionsOffset && message[0] == type &&
         message[1] == 0;
}

bool is_solicited_node(const IpAddress& address) {
  static constexpr std::uint8_t kPrefix[13] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
  return std::memcmp(address.bytes().data(), kPrefix, sizeof kPrefix) == 0;
}

void write_message(std::uint8_t* out, std::uint8_t type, std::uint32_t flags,
                   const IpAddress& target, OptionType option, const MacAddress& mac) {
  write_icmp_header(out, type, 0, flags);
  std::memcpy(out + kTargetOffset, target.bytes().data(), 16);
  out[kOptionsOffset] = option;
  out[kOptionsOffset + 1] = 1;
  std::memcpy(out + kOptionsOffset + 2, mac.bytes.data(), 6);
}

}  // namespace

IpAddress all_nodes_address() {
  static constexpr std::uint8_t kBytes[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return IpAddress::v6(kBytes);
}

IpAddress solicited_node_address(const IpAddress& target) {
  std::uint8_t bytes[16] = {0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff};
  std::memcpy(bytes + 13, target.bytes().data() + 13, 3);
  return IpAddress::v6(bytes);
}

IpAddress link_local_address(const MacAddress& mac) {
  const auto& m = mac.bytes;
  const std::uint8_t bytes[16] = {
      0xfe, 0x80, 0,    0,    0,    0,    0,   0, static_cast<std::uint8_t>(m[0] ^ 2),
      m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]};
  return IpAddress::v6(bytes);
}

MacAddress multicast_mac(const IpAddress& group) {
  MacAddress mac{{0x33, 0x33}};
  std::memcpy(mac.bytes.data() + 2, group.bytes().data() + 12, 4);
  return mac;
}

std::optional<NeighbourSolicitation> NeighbourSolicitation::parse(Bytes message,
                                                                  const IpAddress& source,
                                                                  const IpAddress& destination,
                                                                  std::uint8_t hop_limit) {
  if (!is_valid_message(message, kIcmpv6NeighbourSolicitation, hop_limit)) return {};
  const IpAddress target = IpAddress::v6(&message[kTargetOffset]);
  const auto options = read_options(message.subspan(kOptionsOffset), kSourceLinkLayerAddress);
  if (!options || target.is_multicast()) return {};
  if (source.is_unspecified() && (!is_solicited_node(destination) || options->mac)) return {};
  return NeighbourSolicitation{target, options->mac};
}

void NeighbourSolicitation::write(std::uint8_t* out) const {
  write_message(out, kIcmpv6NeighbourSolicitation, 0, target, kSourceLinkLayerAddress, *source_mac);
}

std::optional<NeighbourAdvertisement> NeighbourAdvertisement::parse(Bytes message,
                                                                    const IpAddress& destination,
                                                                    std::uint8_t hop_limit) {
  if (!is_valid_message(message, kIcmpv6NeighbourAdvertisement, hop_limit)) return {};
  const std::uint32_t flags = load_be32(&message[4]);
  const IpAddress target = IpAddress::v6(&message[kTargetOffset]);
  const auto options = read_options(message.subspan(kOptionsOffset), kTargetLinkLayerAddress);
  const bool solicited = (flags & kSolicitedFlag) != 0;
  if (!options || target.is_multicast()) return {};
  if (destination.is_multicast() && solicited) return {};
  return NeighbourAdvertisement{target, options->mac, solicited, (flags & kOverrideFlag) != 0};
}

void NeighbourAdvertisement::write(std::uint8_t* out) const {
  const std::uint32_t flags =
      (solicited ? kSolicitedFlag : 0) | (override_cache ? kOverrideFlag : 0);
  write_message(out, kIcmpv6NeighbourAdvertisement, flags, target, kTargetLinkLayerAddress,
                *target_mac);
}

}  // namespace sluice::wire
