#include "http/authority.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::http {
namespace {

TEST(Authority, SplitsHostAndPort) {
  const auto name = parse_authority("www.example:8080");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->host, "www.example");
  EXPECT_EQ(name->port, "8080");
  const auto address = parse_authority("[2001:db8::1]:443");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->host, "[2001:db8::1]");
  EXPECT_EQ(address->port, "443");
}

// RFC 3986 section 3.2.3: port = *DIGIT.
TEST(Authority, MayHaveAnEmptyPort) {
  const auto authority = parse_authority("www.example:");
  ASSERT_TRUE(authority);
  EXPECT_EQ(authority->host, "www.example");
  EXPECT_EQ(authority->port, "");
}

TEST(Authority, RefusesWhatNamesNoHost) {
  for (const char* text :
       {"",           ":80",         "a b",         "a/b",        "user@host",     "a,b",
        "host:65536", "host:123456", "host:-1",     "host:8o",    "a:b:c",         "[::1",
        "[]",         "[1.2.3.4]",   "[::1]x",      "::1",        "[::g]",         "a\\b",
        "a?b",        "a#b",         "h\xc3\xb6st", "host:80:80", "[fe80::1%eth0]"}) {
    EXPECT_FALSE(parse_authority(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::http
