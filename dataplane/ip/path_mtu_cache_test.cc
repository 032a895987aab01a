#include "dataplane/ip/path_mtu_cache.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::ip {
namespace {

const wire::IpAddress kNarrow = wire::IpAddress::v4(198, 18, 0, 9);

class PathMtuCacheTest : public ::testing::Test {
 protected:
  Clock clock_;
  PathMtuCache cache_{clock_, HashKey{1, 2}};
};

TEST_F(PathMtuCacheTest, AnUnknownPathIsAsWideAsItsFirstHop) {
  cache_.note(kNarrow, 1400);
  EXPECT_EQ(cache_.limit(wire::IpAddress::v4(198, 18, 0, 8), 1500), 1500);
  EXPECT_EQ(cache_.limit(wire::IpAddress(), 1500), 1500);
}

TEST_F(PathMtuCacheTest, ANarrowPathIsRemembered) {
  cache_.note(kNarrow, 1400);
  EXPECT_EQ(cache_.limit(kNarrow, 1500), 1400);
  EXPECT_EQ(cache_.limit(kNarrow, 1300), 1300);
}

TEST_F(PathMtuCacheTest, PathsOnlyGetNarrower) {
  cache_.note(kNarrow, 1400);
  cache_.note(kNarrow, 1450);
  EXPECT_EQ(cache_.limit(kNarrow, 1500), 1400);
  cache_.note(kNarrow, 1300);
  EXPECT_EQ(cache_.limit(kNarrow, 1500), 1300);
}

TEST_F(PathMtuCacheTest, AndAreForgottenAfterTenMinutes) {
  cache_.note(kNarrow, 1400);
  clock_.advance_by(PathMtuCache::kLifetime - Duration(1));
  EXPECT_EQ(cache_.limit(kNarrow, 1500), 1400);
  clock_.advance_by(Duration(1));
  EXPECT_EQ(cache_.limit(kNarrow, 1500), 1500);
  cache_.note(kNarrow, 1450);
  EXPECT_EQ(cache_.limit(kNarrow, 1500), 1450);
}

TEST_F(PathMtuCacheTest, TheOldestMakeRoomWhenThereAreTooMany) {
  const auto address = [](unsigned i) {
    return wire::IpAddress::v4(10, static_cast<std::uint8_t>(i >> 16),
                               static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i));
  };
  constexpr unsigned kMany = 4 * PathMtuCache::kSets * PathMtuCache::kPlaces;
  for (unsigned i = 0; i < kMany; ++i) {
    clock_.advance_by(Duration(1));
    cache_.note(address(i), 1400);
    EXPECT_EQ(cache_.limit(address(i), 1500), 1400);
  }
  unsigned known = 0;
  for (unsigned i = 0; i < kMany; ++i) known += cache_.limit(address(i), 1500) == 1400 ? 1 : 0;
  EXPECT_LE(known, PathMtuCache::kSets * PathMtuCache::kPlaces);
  EXPECT_GT(known, PathMtuCache::kSets * PathMtuCache::kPlaces * 9 / 10);
  EXPECT_EQ(cache_.limit(address(0), 1500), 1500);
}

}  // namespace
}  // namespace sluice::ip
