#include "deploy/testbed/syn_flood/syn_frame.h"

#include <algorithm>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/checksum.h"

namespace sluice::testbed {
namespace {

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kIpv4 = 20;
constexpr std::size_t kIpv6 = 40;
constexpr std::size_t kTcp = 24;
constexpr std::uint8_t kTcpProtocol = 6;
constexpr std::uint8_t kHops = 64;
constexpr std::uint8_t kSyn = 0x02;
constexpr std::uint8_t kMaximumSegmentSize = 2;

}  // namespace

SynFrame::SynFrame(const MacAddress& from, const MacAddress& to, const wire::Endpoint& target)
    : target_(target.address),
      tcp_(kEthernet + (target_.is_v4() ? kIpv4 : kIpv6)),
      size_(tcp_ + kTcp) {
  std::ranges::copy(to, frame_.begin());
  std::ranges::copy(from, frame_.begin() + 6);
  wire::store_be16(&frame_[12], target_.is_v4() ? 0x0800 : 0x86dd);
  std::uint8_t* ip = &frame_[kEthernet];
  if (target_.is_v4()) {
    ip[0] = 0x45;
    wire::store_be16(ip + 2, kIpv4 + kTcp);
    ip[8] = kHops;
    ip[9] = kTcpProtocol;
    std::copy_n(target_.v4_bytes(), 4, ip + 16);
  } else {
    ip[0] = 0x60;
    wire::store_be16(ip + 4, kTcp);
    ip[6] = kTcpProtocol;
    ip[7] = kHops;
    std::ranges::copy(target_.bytes(), ip + 24);
  }
  std::uint8_t* tcp = &frame_[tcp_];
  wire::store_be16(tcp + 2, target.port);
  tcp[12] = kTcp / 4 << 4;
  tcp[13] = kSyn;
  wire::store_be16(tcp + 14, 0xffff);
  tcp[20] = kMaximumSegmentSize;
  tcp[21] = 4;
  wire::store_be16(tcp + 22, 1460);
}

void SynFrame::change(Chance& chance) {
  const std::uint64_t random = chance.next();
  std::uint8_t* tcp = &frame_[tcp_];
  wire::store_be16(tcp, static_cast<std::uint16_t>(1024 + (random >> 48) % 64512));
  wire::store_be32(tcp + 4, static_cast<std::uint32_t>(random >> 16));
  const wire::IpAddress source = [&] {
    std::uint8_t* ip = &frame_[kEthernet];
    if (target_.is_v4()) {
      change_ipv4(chance.next());
      return wire::IpAddress::v4(ip + 12);
    }
    change_ipv6(chance);
    return wire::IpAddress::v6(ip + 8);
  }();
  wire::store_be16(tcp + 16, 0);
  wire::InternetSum sum = wire::pseudo_header_sum(source, target_, kTcpProtocol, kTcp);
  sum.add(std::span(frame_).subspan(tcp_, kTcp));
  wire::store_be16(tcp + 16, sum.checksum());
}

void SynFrame::change_ipv4(std::uint64_t random) {
  std::uint8_t* ip = &frame_[kEthernet];
  const auto host = static_cast<std::uint32_t>(random & 0x1ffff);
  wire::store_be32(ip + 12, (std::uint32_t{198} << 24) + (std::uint32_t{18} << 16) + host);
  wire::store_be16(ip + 10, 0);
  wire::InternetSum sum;
  sum.add(std::span(frame_).subspan(kEthernet, kIpv4));
  wire::store_be16(ip + 10, sum.checksum());
}

void SynFrame::change_ipv6(Chance& chance) {
  std::uint8_t* source = &frame_[kEthernet + 8];
  wire::store_be32(source, 0x20010db8);
  wire::store_be32(source + 4, static_cast<std::uint32_t>(chance.next()));
  wire::store_be32(source + 8, static_cast<std::uint32_t>(chance.next()));
  wire::store_be32(source + 12, static_cast<std::uint32_t>(chance.next()));
}

}  // namespace sluice::testbed
