#include "dataplane/wire/arp.h"

#include <gtest/gtest.h>

#include <array>

#include "dataplane/testing/frames.h"
#include "dataplane/wire/ethernet.h"

namespace sluice::wire {
namespace {

using testing::ip;
using testing::mac;

TEST(EthernetHeader, ReadsWhatWasWritten) {
  std::array<std::uint8_t, 14> bytes{};
  write_ethernet_header(bytes.data(), kBroadcastMac, mac("02:00:00:00:00:01"), kEtherArp);
  const auto header = EthernetHeader::parse(bytes);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->destination(), kBroadcastMac);
  EXPECT_EQ(header->source(), mac("02:00:00:00:00:01"));
  EXPECT_EQ(header->type(), kEtherArp);
  EXPECT_FALSE(EthernetHeader::parse(Bytes(bytes).first(13)));
}

std::array<std::uint8_t, ArpPacket::kSize> request() {
  std::array<std::uint8_t, ArpPacket::kSize> bytes{};
  ArpPacket{kArpRequest, mac("02:00:00:00:00:01"), ip("198.18.0.1"), {}, ip("198.18.0.2")}.write(
      bytes.data());
  return bytes;
}

TEST(ArpPacket, ReadsWhatWasWritten) {
  const auto bytes = request();
  const auto packet = ArpPacket::parse(bytes);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->operation, kArpRequest);
  EXPECT_EQ(packet->sender_mac, mac("02:00:00:00:00:01"));
  EXPECT_EQ(packet->sender_ip, ip("198.18.0.1"));
  EXPECT_EQ(packet->target_mac, MacAddress{});
  EXPECT_EQ(packet->target_ip, ip("198.18.0.2"));
}

TEST(ArpPacket, RefusesOtherLinksAndProtocolsAndShortPackets) {
  EXPECT_FALSE(ArpPacket::parse(Bytes(request()).first(27)));
  for (const std::size_t field : {0U, 1U, 2U, 3U, 4U, 5U}) {
    auto bytes = request();
    bytes[field] ^= 1;
    EXPECT_FALSE(ArpPacket::parse(bytes)) << field;
  }
}

}  // namespace
}  // namespace sluice::wire
