#include "bench/load/url.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace sluice::load {
namespace {

TEST(Url, HasDefaultsForWhatIsLeftOut) {
  const Url url = parse_url("http://198.18.0.1");
  EXPECT_FALSE(url.secure);
  EXPECT_EQ(url.host, "198.18.0.1");
  EXPECT_EQ(url.port, 80);
  EXPECT_EQ(url.target, "/");
  EXPECT_EQ(url.weight, 1U);
  EXPECT_EQ(url.authority(), "198.18.0.1");
}

TEST(Url, KeepsPortPathAndQuery) {
  const Url url = parse_url("https://www.example.com:8443/a/b?c=d");
  EXPECT_TRUE(url.secure);
  EXPECT_EQ(url.host_and_port(), "www.example.com:8443");
  EXPECT_EQ(url.authority(), "www.example.com:8443");
  EXPECT_EQ(url.target, "/a/b?c=d");
}

TEST(Url, OfIpv6KeepsItsBracketsWhereTheyBelong) {
  const Url url = parse_url("http://[2001:db8::1]:81/x");
  EXPECT_EQ(url.host, "2001:db8::1");
  EXPECT_EQ(url.host_and_port(), "[2001:db8::1]:81");
  EXPECT_EQ(parse_url("http://[2001:db8::1]/").authority(), "[2001:db8::1]");
}

TEST(Url, TakesAWeightButNotFromAQuery) {
  EXPECT_EQ(parse_url("http://a/b=3").weight, 3U);
  EXPECT_EQ(parse_url("http://a/b=3").target, "/b");
  EXPECT_EQ(parse_url("http://a/b?c=3").weight, 1U);
  EXPECT_EQ(parse_url("http://a/b?c=3").target, "/b?c=3");
}

TEST(Url, ThatIsNoneIsRefused) {
  for (const char* text : {"", "198.18.0.1", "ftp://a/", "http://", "http://:80/", "http://a:0/",
                           "http://a:65536/", "http://a:b/", "http://a/b c", "http://a/\r\nX: y"}) {
    EXPECT_THROW(parse_url(text), std::invalid_argument) << text;
  }
}

TEST(Url, MayHavePlaceholders) {
  const Url url = parse_url("https://site{{connection:1-9}}.test:8443/{{pick:a|b}}?q={{request}}");
  EXPECT_EQ(url.host, "site{{connection:1-9}}.test");
  EXPECT_EQ(url.port, 8443);
  EXPECT_EQ(url.target, "/{{pick:a|b}}?q={{request}}");
  EXPECT_EQ(parse_url("http://{{connection:1-9}}/").host, "{{connection:1-9}}");
}

}  // namespace
}  // namespace sluice::load
