#include "dataplane/wire/mac_address.h"

#include <gtest/gtest.h>

namespace sluice::wire {
namespace {

TEST(MacAddress, ParsesWhatItPrints) {
  const auto address = MacAddress::parse("02:00:0a:ff:10:01");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->to_string(), "02:00:0a:ff:10:01");
  EXPECT_EQ(MacAddress::parse("FF:FF:ff:FF:ff:FF"), kBroadcastMac);
}

TEST(MacAddress, RefusesOtherForms) {
  for (const char* text :
       {"", "02:00:00:00:00", "02:00:00:00:00:001", "02-00-00-00-00-01", "02:00:00:00:00:0g",
        "2:0:0:0:0:1", "02:00:00:00:00:01 ", "+2:00:00:00:00:01", "02:00:00:00:00:-1"}) {
    EXPECT_FALSE(MacAddress::parse(text)) << text;
  }
}

TEST(MacAddress, KnowsGroups) {
  EXPECT_TRUE(kBroadcastMac.is_multicast());
  EXPECT_TRUE(MacAddress::parse("33:33:00:00:00:01")->is_multicast());
  EXPECT_FALSE(MacAddress::parse("02:00:00:00:00:01")->is_multicast());
}

}  // namespace
}  // namespace sluice::wire
