#include "tls/certificate/name_index.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::tls {
namespace {

TEST(NameIndex, FindsExactNamesInEitherCase) {
  NameIndex names;
  names.add("www.example.com", 3);
  EXPECT_EQ(names.find("www.example.com"), 3U);
  EXPECT_EQ(names.find("WwW.eXaMpLe.CoM"), 3U);
  EXPECT_EQ(names.find("www.example.com."), 3U);
  EXPECT_EQ(names.find("example.com"), std::nullopt);
  EXPECT_EQ(names.find("a.www.example.com"), std::nullopt);
}

TEST(NameIndex, AStarStandsForOneWholeLeftmostLabel) {
  NameIndex names;
  names.add("*.example.com", 1);
  names.add("w*.example.org", 2);
  names.add("www.*.example.net", 3);
  names.add("*", 4);
  names.add("*.", 5);
  EXPECT_EQ(names.find("www.example.com"), 1U);
  EXPECT_EQ(names.find("example.com"), std::nullopt);
  EXPECT_EQ(names.find(".example.com"), std::nullopt);
  EXPECT_EQ(names.find("a.b.example.com"), std::nullopt);
  EXPECT_EQ(names.find("www.example.org"), std::nullopt);
  EXPECT_EQ(names.find("www.a.example.net"), std::nullopt);
  EXPECT_EQ(names.find("localhost"), std::nullopt);
}

TEST(NameIndex, ExactBeatsWildcardAndTheFirstBeatsTheNext) {
  NameIndex names;
  names.add("*.example.com", 0);
  names.add("www.example.com", 1);
  names.add("www.example.com", 2);
  names.add("*.example.com", 3);
  EXPECT_EQ(names.find("www.example.com"), 1U);
  EXPECT_EQ(names.find("other.example.com"), 0U);
}

TEST(NameIndex, OddNamesAreNotFound) {
  NameIndex names;
  names.add("a", 0);
  EXPECT_EQ(names.find(""), std::nullopt);
  EXPECT_EQ(names.find("."), std::nullopt);
  EXPECT_EQ(names.find(".."), std::nullopt);
  EXPECT_EQ(names.find(std::string(NameIndex::kMaxName + 1, 'a')), std::nullopt);
  EXPECT_EQ(names.find(std::string(100000, '.')), std::nullopt);
}

}  // namespace
}  // namespace sluice::tls
