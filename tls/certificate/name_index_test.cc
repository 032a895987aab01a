#include "tls/certificate/name_index.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::tls {
namespace {

// The certificate for a name, exact before wildcard.
std::uint32_t found(const NameIndex& names, std::string_view name, KeyType type = KeyType::kRsa) {
  const NameIndex::Found found = names.find(name);
  if (found.exact != nullptr) return found.exact->of(type);
  return found.wildcard == nullptr ? Candidates::kNone : found.wildcard->of(type);
}

TEST(NameIndex, FindsExactNamesInEitherCase) {
  NameIndex names;
  names.add("www.example.com", KeyType::kRsa, 3);
  EXPECT_EQ(found(names, "www.example.com"), 3U);
  EXPECT_EQ(found(names, "WwW.eXaMpLe.CoM"), 3U);
  EXPECT_EQ(found(names, "www.example.com."), 3U);
  EXPECT_FALSE(names.find("example.com").any());
  EXPECT_FALSE(names.find("a.www.example.com").any());
}

TEST(NameIndex, AStarStandsForOneWholeLeftmostLabel) {
  NameIndex names;
  names.add("*.example.com", KeyType::kRsa, 1);
  names.add("w*.example.org", KeyType::kRsa, 2);
  names.add("www.*.example.net", KeyType::kRsa, 3);
  names.add("*", KeyType::kRsa, 4);
  names.add("*.", KeyType::kRsa, 5);
  EXPECT_EQ(found(names, "www.example.com"), 1U);
  EXPECT_FALSE(names.find("example.com").any());
  EXPECT_FALSE(names.find(".example.com").any());
  EXPECT_FALSE(names.find("a.b.example.com").any());
  EXPECT_FALSE(names.find("www.example.org").any());
  EXPECT_FALSE(names.find("www.a.example.net").any());
  EXPECT_FALSE(names.find("localhost").any());
}

TEST(NameIndex, ExactBeatsWildcardAndTheFirstBeatsTheNext) {
  NameIndex names;
  names.add("*.example.com", KeyType::kRsa, 0);
  names.add("www.example.com", KeyType::kRsa, 1);
  names.add("www.example.com", KeyType::kRsa, 2);
  names.add("*.example.com", KeyType::kRsa, 3);
  EXPECT_EQ(found(names, "www.example.com"), 1U);
  EXPECT_EQ(found(names, "other.example.com"), 0U);
}

TEST(NameIndex, AnExactNameLeavesTheWildcardInSight) {
  NameIndex names;
  names.add("*.example.com", KeyType::kRsa, 0);
  names.add("www.example.com", KeyType::kEcdsaP256, 1);
  const NameIndex::Found found = names.find("www.example.com");
  ASSERT_NE(found.exact, nullptr);
  ASSERT_NE(found.wildcard, nullptr);
  EXPECT_EQ(found.exact->of(KeyType::kEcdsaP256), 1U);
  EXPECT_EQ(found.exact->of(KeyType::kRsa), Candidates::kNone);
  EXPECT_EQ(found.wildcard->of(KeyType::kRsa), 0U);
}

TEST(NameIndex, OneOfEachTypeOfKeyIsKept) {
  NameIndex names;
  names.add("a", KeyType::kRsa, 4);
  names.add("a", KeyType::kEcdsaP256, 5);
  names.add("a", KeyType::kEcdsaP256, 6);
  EXPECT_EQ(found(names, "a"), 4U);
  EXPECT_EQ(found(names, "a", KeyType::kEcdsaP256), 5U);
  EXPECT_EQ(found(names, "a", KeyType::kEcdsaP384), Candidates::kNone);
}

TEST(NameIndex, OddNamesAreNotFound) {
  NameIndex names;
  names.add("a", KeyType::kRsa, 0);
  EXPECT_FALSE(names.find("").any());
  EXPECT_FALSE(names.find(".").any());
  EXPECT_FALSE(names.find("..").any());
  EXPECT_FALSE(names.find(std::string(NameIndex::kMaxName + 1, 'a')).any());
  EXPECT_FALSE(names.find(std::string(100000, '.')).any());
}

}  // namespace
}  // namespace sluice::tls
