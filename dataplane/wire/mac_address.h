#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::wire {

/// An Ethernet hardware address.
struct MacAddress {
  std::array<std::uint8_t, 6> bytes{};

  /// Reads six bytes.
  static MacAddress from(const std::uint8_t* bytes) {
    MacAddress address;
    std::memcpy(address.bytes.data(), bytes, 6);
    return address;
  }

  /// True for broadcast, too.
  [[nodiscard]] bool is_multicast() const { return (bytes[0] & 1) != 0; }
  /// "02:00:00:00:00:01".
  [[nodiscard]] std::string to_string() const;
  static std::optional<MacAddress> parse(std::string_view text);

  friend bool operator==(const MacAddress&, const MacAddress&) = default;
};

inline constexpr MacAddress kBroadcastMac{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

}  // namespace sluice::wire
