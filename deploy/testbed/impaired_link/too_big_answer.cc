#include "deploy/testbed/impaired_link/too_big_answer.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

namespace sluice::testbed {
namespace {

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kIpv4 = 20;
constexpr std::size_t kIpv6 = 40;
constexpr std::size_t kIcmp = 8;
// Largest answers (RFC 1812 section 4.3.2.3, RFC 4443 section 2.4).
constexpr std::size_t kLongestIpv4 = 576;
constexpr std::size_t kLongestIpv6 = 1280;

using Span = std::span<std::uint8_t>;

std::uint32_t word(Span bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] << 8 | bytes[at + 1]);
}

void put_word(Span bytes, std::size_t at, std::uint32_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

// RFC 1071. Of its own, not the one that it is there to test.
std::uint32_t sum(Span bytes, std::uint32_t start = 0) {
  std::uint32_t total = start;
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) total += word(bytes, at);
  if (bytes.size() % 2 != 0) total += static_cast<std::uint32_t>(bytes.back() << 8);
  while (total >> 16 != 0) total = (total & 0xffff) + (total >> 16);
  return total;
}

void swap_ethernet_addresses(Span frame) {
  std::swap_ranges(frame.begin(), frame.begin() + 6, frame.begin() + 6);
}

bool answerable_ipv4(Span packet) {
  const bool dont_fragment = (packet[6] & 0x40) != 0;
  const bool first_fragment = (word(packet, 6) & 0x1fff) == 0;
  return dont_fragment && first_fragment && packet[9] != 1 && packet[16] < 224;
}

bool answer_ipv4(Frame& frame, std::uint32_t mtu) {
  const Span packet = frame.bytes().subspan(kEthernet);
  if (packet.size() < kIpv4 + 8 || packet[0] >> 4 != 4 || !answerable_ipv4(packet)) return false;
  std::array<std::uint8_t, 8> addresses;
  std::copy_n(packet.begin() + 12, 8, addresses.begin());
  const std::size_t quoted = std::min(packet.size(), kLongestIpv4 - kIpv4 - kIcmp);
  const std::size_t length = kIpv4 + kIcmp + quoted;
  frame.resize(kEthernet + length);
  const Span answer = frame.bytes().subspan(kEthernet);
  std::memmove(answer.data() + kIpv4 + kIcmp, answer.data(), quoted);
  std::fill_n(answer.begin(), kIpv4 + kIcmp, std::uint8_t{0});

  answer[0] = 0x45;
  put_word(answer, 2, static_cast<std::uint32_t>(length));
  answer[8] = 64;
  answer[9] = 1;  // ICMP
  std::rotate_copy(addresses.begin(), addresses.begin() + 4, addresses.end(), answer.begin() + 12);
  put_word(answer, 10, ~sum(answer.first(kIpv4)));
  answer[kIpv4] = 3;
  answer[kIpv4 + 1] = 4;
  put_word(answer, kIpv4 + 6, mtu);
  put_word(answer, kIpv4 + 2, ~sum(answer.subspan(kIpv4)));
  return true;
}

bool answer_ipv6(Frame& frame, std::uint32_t mtu) {
  const Span packet = frame.bytes().subspan(kEthernet);
  if (packet.size() < kIpv6 || packet[0] >> 4 != 6 || packet[6] == 58 || packet[24] == 0xff) {
    return false;
  }
  std::array<std::uint8_t, 32> addresses;
  std::copy_n(packet.begin() + 8, 32, addresses.begin());
  const std::size_t quoted = std::min(packet.size(), kLongestIpv6 - kIpv6 - kIcmp);
  frame.resize(kEthernet + kIpv6 + kIcmp + quoted);
  const Span answer = frame.bytes().subspan(kEthernet);
  std::memmove(answer.data() + kIpv6 + kIcmp, answer.data(), quoted);
  std::fill_n(answer.begin(), kIpv6 + kIcmp, std::uint8_t{0});

  answer[0] = 0x60;
  put_word(answer, 4, static_cast<std::uint32_t>(kIcmp + quoted));
  answer[6] = 58;  // ICMPv6
  answer[7] = 64;
  std::rotate_copy(addresses.begin(), addresses.begin() + 16, addresses.end(), answer.begin() + 8);
  answer[kIpv6] = 2;
  put_word(answer, kIpv6 + 4, mtu >> 16);
  put_word(answer, kIpv6 + 6, mtu);
  // The pseudo-header: both addresses, the length and the protocol (RFC 8200 section 8.1).
  const std::uint32_t pseudo = sum(answer.subspan(8, 32)) + word(answer, 4) + 58;
  put_word(answer, kIpv6 + 2, ~sum(answer.subspan(kIpv6), pseudo));
  return true;
}

}  // namespace

bool turn_into_too_big_answer(Frame& frame, std::uint32_t mtu) {
  if (frame.size() < kEthernet) return false;
  const std::uint32_t type = word(frame.bytes(), 12);
  const bool answered = type == 0x0800   ? answer_ipv4(frame, mtu)
                        : type == 0x86dd ? answer_ipv6(frame, mtu)
                                         : false;
  if (answered) swap_ethernet_addresses(frame.bytes());
  return answered;
}

}  // namespace sluice::testbed
