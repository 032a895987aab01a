#include "dataplane/wire/ndp.h"

#include <gtest/gtest.h>

#include "dataplane/testing/frames.h"
#include "dataplane/wire/icmp.h"

namespace sluice::wire {
namespace {

using testing::Frame;
using testing::ip;
using testing::mac;

const IpAddress kTarget = ip("2001:db8::12:3456");
const IpAddress kPeer = ip("2001:db8::2");

Frame solicitation() {
  Frame bytes(NeighbourSolicitation::kSize);
  NeighbourSolicitation{kTarget, mac("02:00:00:00:00:02")}.write(bytes.data());
  return bytes;
}

Frame advertisement(bool solicited, bool override_cache) {
  Frame bytes(NeighbourAdvertisement::kSize);
  NeighbourAdvertisement{kTarget, mac("02:00:00:00:00:02"), solicited, override_cache}.write(
      bytes.data());
  return bytes;
}

auto parse_solicitation(const Frame& bytes, const IpAddress& source = kPeer,
                        const IpAddress& destination = kTarget, std::uint8_t hop_limit = 255) {
  return NeighbourSolicitation::parse(bytes, source, destination, hop_limit);
}

TEST(NdpAddresses, FollowTheirRfcs) {
  EXPECT_EQ(solicited_node_address(kTarget), ip("ff02::1:ff12:3456"));
  EXPECT_EQ(link_local_address(mac("02:11:22:33:44:55")), ip("fe80::11:22ff:fe33:4455"));
  EXPECT_EQ(multicast_mac(ip("ff02::1:ff12:3456")), mac("33:33:ff:12:34:56"));
  EXPECT_EQ(all_nodes_address(), ip("ff02::1"));
}

TEST(NeighbourSolicitation, ReadsWhatWasWritten) {
  const auto read = parse_solicitation(solicitation());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->target, kTarget);
  EXPECT_EQ(read->source_mac, mac("02:00:00:00:00:02"));
}

TEST(NeighbourSolicitation, MustComeFromTheLink) {
  EXPECT_FALSE(parse_solicitation(solicitation(), kPeer, kTarget, 254));
}

TEST(NeighbourSolicitation, MustHaveCodeZeroAndAUnicastTarget) {
  Frame bytes = solicitation();
  bytes[1] = 1;
  EXPECT_FALSE(parse_solicitation(bytes));
  bytes = solicitation();
  bytes[8] = 0xff;
  EXPECT_FALSE(parse_solicitation(bytes));
  bytes = solicitation();
  bytes[0] = kIcmpv6NeighbourAdvertisement;
  EXPECT_FALSE(parse_solicitation(bytes));
}

TEST(NeighbourSolicitation, MustHaveWholeOptionsOfSomeLength) {
  Frame bytes = solicitation();
  bytes[25] = 0;
  EXPECT_FALSE(parse_solicitation(bytes)) << "length zero";
  bytes[25] = 2;
  EXPECT_FALSE(parse_solicitation(bytes)) << "beyond the end";
  for (std::size_t size = 0; size < NeighbourSolicitation::kSize; ++size) {
    Frame shorter = solicitation();
    shorter.resize(size);
    EXPECT_EQ(parse_solicitation(shorter).has_value(), size == 24) << size;
  }
}

TEST(NeighbourSolicitation, PassesOverOtherOptions) {
  Frame bytes = solicitation();
  bytes.insert(bytes.begin() + 24, {14, 1, 1, 2, 3, 4, 5, 6});
  EXPECT_EQ(parse_solicitation(bytes)->source_mac, mac("02:00:00:00:00:02"));
}

TEST(NeighbourSolicitation, WithoutASourceGoesToTheGroupAndNamesNoAddress) {
  const IpAddress group = solicited_node_address(kTarget);
  EXPECT_FALSE(parse_solicitation(solicitation(), {}, group));
  Frame plain = solicitation();
  plain.resize(24);
  EXPECT_TRUE(parse_solicitation(plain, {}, group));
  EXPECT_FALSE(parse_solicitation(plain, {}, kTarget));
}

TEST(NeighbourAdvertisement, ReadsWhatWasWritten) {
  for (const bool solicited : {false, true}) {
    for (const bool override_cache : {false, true}) {
      const auto read =
          NeighbourAdvertisement::parse(advertisement(solicited, override_cache), kPeer, 255);
      ASSERT_TRUE(read);
      EXPECT_EQ(read->target, kTarget);
      EXPECT_EQ(read->target_mac, mac("02:00:00:00:00:02"));
      EXPECT_EQ(read->solicited, solicited);
      EXPECT_EQ(read->override_cache, override_cache);
    }
  }
}

TEST(NeighbourAdvertisement, FollowsTheValidityRules) {
  EXPECT_FALSE(NeighbourAdvertisement::parse(advertisement(true, true), kPeer, 254));
  EXPECT_FALSE(NeighbourAdvertisement::parse(advertisement(true, true), ip("ff02::1"), 255));
  EXPECT_TRUE(NeighbourAdvertisement::parse(advertisement(false, true), ip("ff02::1"), 255));
  Frame bytes = advertisement(true, true);
  bytes[25] = 0;
  EXPECT_FALSE(NeighbourAdvertisement::parse(bytes, kPeer, 255));
  bytes = advertisement(true, true);
  bytes[8] = 0xff;
  EXPECT_FALSE(NeighbourAdvertisement::parse(bytes, kPeer, 255));
  bytes = advertisement(true, true);
  bytes.resize(24);
  EXPECT_FALSE(NeighbourAdvertisement::parse(bytes, kPeer, 255)->target_mac);
}

}  // namespace
}  // namespace sluice::wire
