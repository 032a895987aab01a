#pragma once

#include <array>
#include <bit>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/wire/bytes.h"

namespace sluice::wire {

/// An IPv4 or IPv6 address in 16 bytes, in network order. An IPv4 address is held IPv4-mapped
/// (RFC 4291 section 2.5.5.2), so that both families share every table and comparison.
class IpAddress {
 public:
  /// The unspecified IPv6 address, "::".
  constexpr IpAddress() = default;

  static IpAddress v4(const std::uint8_t* network_order) {
    IpAddress address;
    address.bytes_[10] = address.bytes_[11] = 0xff;
    std::memcpy(address.bytes_.data() + 12, network_order, 4);
    return address;
  }
  static constexpr IpAddress v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
    IpAddress address;
    address.bytes_ = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d};
    return address;
  }
  static IpAddress v6(const std::uint8_t* network_order) {
    IpAddress address;
    std::memcpy(address.bytes_.data(), network_order, 16);
    return address;
  }
  /// "192.0.2.1" or "2001:db8::1", without brackets, zone or prefix length.
  static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const {
    std::uint64_t high;
    std::uint32_t mapped;
    std::memcpy(&high, bytes_.data(), 8);
    std::memcpy(&mapped, bytes_.data() + 8, 4);
    return high == 0 && mapped == 0xffff0000U;
  }
  [[nodiscard]] bool is_v6() const { return !is_v4(); }
  [[nodiscard]] bool is_unspecified() const;
  [[nodiscard]] bool is_multicast() const;
  [[nodiscard]] bool is_loopback() const;
  /// 255.255.255.255; a subnet's own broadcast address needs the subnet to be known.
  [[nodiscard]] bool is_limited_broadcast() const;
  /// 169.254.0.0/16 or fe80::/10.
  [[nodiscard]] bool is_link_local() const;

  /// All 16 bytes; the last four are the IPv4 address of an IPv4 one.
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  [[nodiscard]] const std::uint8_t* v4_bytes() const { return bytes_.data() + 12; }

  [[nodiscard]] std::string to_string() const;

  // In two words; as an array's elements they would be compared by a call, twice for each packet.
  friend constexpr bool operator==(const IpAddress& a, const IpAddress& b) {
    const auto one = std::bit_cast<Words>(a.bytes_);
    const auto other = std::bit_cast<Words>(b.bytes_);
    return ((one[0] ^ other[0]) | (one[1] ^ other[1])) == 0;
  }
  friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  using Words = std::array<std::uint64_t, 2>;

  std::array<std::uint8_t, 16> bytes_{};
};

/// An address and a TCP port.
struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;

  /// "192.0.2.1:443" or "[2001:db8::1]:443".
  [[nodiscard]] std::string to_string() const;
  static std::optional<Endpoint> parse(std::string_view text);

  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// An address range: an address and how many leading bits are significant (0-32 for IPv4, 0-128
/// for IPv6).
struct Prefix {
  IpAddress address;
  std::uint8_t length = 0;

  [[nodiscard]] bool contains(const IpAddress& other) const;
  /// "192.0.2.0/24"; bits behind the length are kept, so that an interface's address and subnet
  /// can be written together.
  [[nodiscard]] std::string to_string() const;
  static std::optional<Prefix> parse(std::string_view text);

  friend bool operator==(const Prefix&, const Prefix&) = default;
};

}  // namespace sluice::wire

template <>
struct std::hash<sluice::wire::IpAddress> {
  std::size_t operator()(const sluice::wire::IpAddress& address) const;
};
