#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/wire/ip_address.h"
#include "deploy/testbed/impaired_link/chance.h"

namespace sluice::testbed {

using MacAddress = std::array<std::uint8_t, 6>;

/// A TCP SYN in an Ethernet frame, again and again from another source: an address of 198.18.0.0/15
/// (RFC 2544) or of 2001:db8::/32 (RFC 3849), a port and a sequence number by chance.
class SynFrame {
 public:
  SynFrame(const MacAddress& from, const MacAddress& to, const wire::Endpoint& target);

  /// Makes it the next one; its checksums are right.
  void change(Chance& chance);
  [[nodiscard]] std::span<std::uint8_t> bytes() { return std::span(frame_).first(size_); }

 private:
  static constexpr std::size_t kLargest = 14 + 40 + 24;

  void change_ipv4(std::uint64_t random);
  void change_ipv6(Chance& chance);

  wire::IpAddress target_;
  std::size_t tcp_;  // where the TCP header begins
  std::size_t size_;
  std::array<std::uint8_t, kLargest> frame_{};
};

}  // namespace sluice::testbed
