#include "http/address_filter.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace sluice::http {
namespace {

using wire::IpAddress;
using wire::Prefix;

std::vector<Prefix> networks(const std::vector<std::string>& texts) {
  std::vector<Prefix> list;
  for (const std::string& text : texts) list.push_back(*Prefix::parse(text));
  return list;
}

AddressFilter filter(const std::vector<std::string>& allowed,
                     const std::vector<std::string>& denied) {
  return {networks(allowed), networks(denied)};
}

bool allows(const AddressFilter& filter, const std::string& address) {
  return filter.allows(*IpAddress::parse(address));
}

TEST(AddressFilter, WithoutNetworksAllowsEverybody) {
  EXPECT_TRUE(allows(filter({}, {}), "198.18.0.1"));
  EXPECT_TRUE(allows(filter({}, {}), "2001:db8::1"));
}

TEST(AddressFilter, DeniesWhoIsNamed) {
  const AddressFilter some = filter({}, {"198.18.0.0/16", "2001:db8:1::/48"});
  EXPECT_TRUE(allows(some, "198.17.255.255"));
  EXPECT_FALSE(allows(some, "198.18.0.0"));
  EXPECT_FALSE(allows(some, "198.18.255.255"));
  EXPECT_TRUE(allows(some, "198.19.0.0"));
  EXPECT_FALSE(allows(some, "2001:db8:1:ffff::1"));
  EXPECT_TRUE(allows(some, "2001:db8:2::"));
}

TEST(AddressFilter, AllowsNobodyElseWhereSomebodyIsNamed) {
  const AddressFilter some = filter({"198.18.0.0/16"}, {});
  EXPECT_TRUE(allows(some, "198.18.7.7"));
  EXPECT_FALSE(allows(some, "198.19.0.0"));
  EXPECT_FALSE(allows(some, "0.0.0.0"));
  EXPECT_FALSE(allows(some, "255.255.255.255"));
  EXPECT_FALSE(allows(some, "2001:db8::1")) << "of another family";
}

TEST(AddressFilter, TheSmallestNetworkDecides) {
  const AddressFilter nested = filter({"198.18.0.0/15", "198.18.1.128/25", "198.18.1.200/32"},
                                      {"198.18.1.0/24", "198.18.1.192/26"});
  EXPECT_TRUE(allows(nested, "198.18.0.255"));
  EXPECT_FALSE(allows(nested, "198.18.1.0"));
  EXPECT_FALSE(allows(nested, "198.18.1.127"));
  EXPECT_TRUE(allows(nested, "198.18.1.128"));
  EXPECT_FALSE(allows(nested, "198.18.1.199"));
  EXPECT_TRUE(allows(nested, "198.18.1.200"));
  EXPECT_FALSE(allows(nested, "198.18.1.201"));
  EXPECT_FALSE(allows(nested, "198.18.1.255"));
  EXPECT_TRUE(allows(nested, "198.18.2.0"));
  EXPECT_FALSE(allows(nested, "198.20.0.0"));
}

TEST(AddressFilter, DeniesWhatIsBothAllowedAndDenied) {
  EXPECT_FALSE(allows(filter({"198.18.0.0/16"}, {"198.18.0.0/16"}), "198.18.0.1"));
  EXPECT_FALSE(allows(filter({"2001:db8::/32"}, {"2001:db8::/32"}), "2001:db8::1"));
}

TEST(AddressFilter, KnowsTheWholeOfAFamilyAndItsLastAddress) {
  EXPECT_FALSE(allows(filter({}, {"0.0.0.0/0"}), "255.255.255.255"));
  EXPECT_TRUE(allows(filter({}, {"0.0.0.0/0"}), "2001:db8::1"));
  EXPECT_FALSE(allows(filter({}, {"::/0"}), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_TRUE(allows(filter({}, {"::/0"}), "198.18.0.1")) << "though it is mapped into IPv6 here";
  EXPECT_TRUE(allows(filter({"::/0", "0.0.0.0/0"}, {"198.18.0.1/32"}), "198.18.0.2"));
}

// The rule as it is written, without any cleverness.
bool allows_plainly(const std::vector<Prefix>& allowed, const std::vector<Prefix>& denied,
                    const IpAddress& address) {
  int longest_allowed = -1;
  int longest_denied = -1;
  for (const Prefix& prefix : allowed) {
    if (prefix.contains(address)) longest_allowed = std::max<int>(longest_allowed, prefix.length);
  }
  for (const Prefix& prefix : denied) {
    if (prefix.contains(address)) longest_denied = std::max<int>(longest_denied, prefix.length);
  }
  if (longest_allowed == -1 && longest_denied == -1) return allowed.empty();
  return longest_allowed > longest_denied;
}

TEST(AddressFilter, AgreesWithThePlainRule) {
  std::mt19937 random(7);
  const auto address = [&] {
    const auto octet = [&] { return static_cast<std::uint8_t>(random() % 4); };
    return IpAddress::v4(198, octet(), octet(), static_cast<std::uint8_t>(octet() * 85));
  };
  for (int round = 0; round < 200; ++round) {
    std::vector<Prefix> lists[2];
    for (auto i = random() % 20; i-- > 0;) {
      lists[random() % 2].push_back({address(), static_cast<std::uint8_t>(6 + random() % 27)});
    }
    const AddressFilter made(lists[0], lists[1]);
    for (int i = 0; i < 100; ++i) {
      const IpAddress asked = address();
      ASSERT_EQ(made.allows(asked), allows_plainly(lists[0], lists[1], asked)) << asked.to_string();
    }
  }
}

TEST(AddressFilter, TakesThousandsOfNetworks) {
  std::vector<Prefix> denied;
  for (unsigned i = 0; i < 20'000; ++i) {
    denied.push_back(
        {IpAddress::v4(198, static_cast<std::uint8_t>(i >> 16), static_cast<std::uint8_t>(i >> 8),
                       static_cast<std::uint8_t>(i)),
         32});
  }
  const AddressFilter made({}, denied);
  EXPECT_FALSE(allows(made, "198.0.0.0"));
  EXPECT_FALSE(allows(made, "198.0.78.31"));
  EXPECT_TRUE(allows(made, "198.0.78.32"));
  EXPECT_LE(made.size(), 4U) << "neighbours are one range";
}

}  // namespace
}  // namespace sluice::http
