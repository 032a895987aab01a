#include "deploy/testbed/syn_flood/syn_frame.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

#include "dataplane/wire/bytes.h"
#include "dataplane/wire/checksum.h"

namespace sluice::testbed {
namespace {

constexpr MacAddress kFrom = {2, 0, 0, 0, 0, 1};
constexpr MacAddress kTo = {2, 0, 0, 0, 0, 2};

TEST(SynFrame, ComesFromAnAddressForBenchmarksEachTime) {
  SynFrame frame(kFrom, kTo, *wire::Endpoint::parse("198.18.2.10:80"));
  Chance chance(1);
  std::set<std::uint32_t> sources;
  for (int i = 0; i < 1000; ++i) {
    frame.change(chance);
    const std::span<std::uint8_t> bytes = frame.bytes();
    ASSERT_EQ(bytes.size(), 14U + 20 + 24);
    wire::InternetSum header;
    header.add(bytes.subspan(14, 20));
    EXPECT_TRUE(header.verifies());
    const auto source = wire::IpAddress::v4(&bytes[26]);
    wire::InternetSum segment =
        wire::pseudo_header_sum(source, wire::IpAddress::v4(&bytes[30]), 6, 24);
    segment.add(bytes.subspan(34));
    EXPECT_TRUE(segment.verifies());
    EXPECT_TRUE(bytes[26] == 198 && (bytes[27] == 18 || bytes[27] == 19));
    sources.insert(wire::load_be32(&bytes[26]));
  }
  EXPECT_GT(sources.size(), 950U);
}

TEST(SynFrame, ComesFromAnAddressForDocumentationInIpv6) {
  SynFrame frame(kFrom, kTo, *wire::Endpoint::parse("[2001:db8::10]:80"));
  Chance chance(1);
  std::set<std::vector<std::uint8_t>> sources;
  for (int i = 0; i < 1000; ++i) {
    frame.change(chance);
    const std::span<std::uint8_t> bytes = frame.bytes();
    ASSERT_EQ(bytes.size(), 14U + 40 + 24);
    EXPECT_EQ(wire::load_be32(&bytes[22]), 0x20010db8U);
    wire::InternetSum segment = wire::pseudo_header_sum(wire::IpAddress::v6(&bytes[22]),
                                                        wire::IpAddress::v6(&bytes[38]), 6, 24);
    segment.add(bytes.subspan(54));
    EXPECT_TRUE(segment.verifies());
    sources.emplace(&bytes[22], &bytes[38]);
  }
  EXPECT_EQ(sources.size(), 1000U);
}

}  // namespace
}  // namespace sluice::testbed
