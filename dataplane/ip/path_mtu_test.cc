#include "dataplane/ip/path_mtu.h"

#include <gtest/gtest.h>

namespace sluice::ip {
namespace {

TEST(ClaimedPathMtu, IsWhatTheRouterSays) {
  EXPECT_EQ(claimed_path_mtu_v4(1400, 1500, 552), 1400);
  EXPECT_EQ(claimed_path_mtu_v6(1400, 1500), 1400);
}

TEST(ClaimedPathMtu, IsNotBelievedWhenTheQuotedPacketWouldHavePassed) {
  EXPECT_FALSE(claimed_path_mtu_v4(1400, 1400, 552));
  EXPECT_FALSE(claimed_path_mtu_v4(1500, 1400, 552));
  EXPECT_FALSE(claimed_path_mtu_v6(1400, 1400));
  EXPECT_FALSE(claimed_path_mtu_v6(0x10000 + 1280, 1400));
}

TEST(ClaimedPathMtu, IsNeverBelowTheMinimumOfIPv4) {
  EXPECT_EQ(claimed_path_mtu_v4(68, 1500, 552), 552);
  EXPECT_EQ(claimed_path_mtu_v4(1, 1500, 296), 296);
  EXPECT_FALSE(claimed_path_mtu_v4(68, 552, 552));
}

TEST(ClaimedPathMtu, IsIgnoredBelowTheMinimumOfIPv6) {
  EXPECT_FALSE(claimed_path_mtu_v6(1279, 1500));
  EXPECT_FALSE(claimed_path_mtu_v6(0, 1500));
  EXPECT_EQ(claimed_path_mtu_v6(1280, 1500), 1280);
}

TEST(ClaimedPathMtu, IsTheNextPlateauWhenTheRouterDoesNotSay) {
  EXPECT_EQ(claimed_path_mtu_v4(0, 1500, 552), 1492);
  EXPECT_EQ(claimed_path_mtu_v4(0, 1492, 552), 1006);
  EXPECT_EQ(claimed_path_mtu_v4(0, 1006, 552), 552);
  EXPECT_EQ(claimed_path_mtu_v4(0, 65535, 552), 32000);
}

}  // namespace
}  // namespace sluice::ip
