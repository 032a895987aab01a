#include "dataplane/wire/ip_address.h"

#include <gtest/gtest.h>

namespace sluice::wire {
namespace {

TEST(IpAddress, ParsesAndPrintsBothFamilies) {
  for (const char* text : {"0.0.0.0", "192.0.2.1", "255.255.255.255", "::", "::1", "2001:db8::1"}) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), text);
  }
  for (const char* text : {"", "1.2.3", "1.2.3.256", "2001:db8::1%eth0", "[::1]", "1.2.3.4/8"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
}

TEST(IpAddress, KnowsItsKind) {
  EXPECT_TRUE(IpAddress::parse("192.0.2.1")->is_v4());
  EXPECT_TRUE(IpAddress::parse("2001:db8::1")->is_v6());
  EXPECT_TRUE(IpAddress::parse("224.0.0.1")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("ff02::1")->is_multicast());
  EXPECT_TRUE(IpAddress::parse("fe80::1")->is_link_local());
  EXPECT_TRUE(IpAddress::parse("0.0.0.0")->is_unspecified());
  EXPECT_TRUE(IpAddress::parse("::")->is_unspecified());
  EXPECT_TRUE(IpAddress::parse("127.1.2.3")->is_loopback());
}

TEST(Endpoint, NeedsBracketsAroundIpv6Only) {
  EXPECT_EQ(Endpoint::parse("192.0.2.1:443")->to_string(), "192.0.2.1:443");
  EXPECT_EQ(Endpoint::parse("[2001:db8::1]:80")->to_string(), "[2001:db8::1]:80");
  for (const char* text : {"192.0.2.1", "2001:db8::1:80", "[192.0.2.1]:80", "192.0.2.1:65536",
                           "192.0.2.1:", ":80", "192.0.2.1:-1"}) {
    EXPECT_FALSE(Endpoint::parse(text)) << text;
  }
}

TEST(Prefix, ContainsByBits) {
  const auto prefix = Prefix::parse("198.18.4.9/22");
  ASSERT_TRUE(prefix);
  EXPECT_TRUE(prefix->contains(*IpAddress::parse("198.18.7.255")));
  EXPECT_FALSE(prefix->contains(*IpAddress::parse("198.18.8.0")));
  EXPECT_FALSE(prefix->contains(*IpAddress::parse("2001:db8::1")));
  EXPECT_TRUE(Prefix::parse("0.0.0.0/0")->contains(*IpAddress::parse("192.0.2.1")));
  EXPECT_TRUE(Prefix::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:7fff::1")));
  EXPECT_FALSE(Prefix::parse("2001:db8::/33")->contains(*IpAddress::parse("2001:db8:8000::1")));
  EXPECT_FALSE(Prefix::parse("192.0.2.1/33"));
}

}  // namespace
}  // namespace sluice::wire
