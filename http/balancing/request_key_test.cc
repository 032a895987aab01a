#include "http/balancing/request_key.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "http/head_parser.h"

namespace sluice::http {
namespace {

const wire::IpAddress kClient = wire::IpAddress::v4(198, 18, 0, 7);

std::optional<std::uint64_t> key(HashBy by, const std::string& name, const std::string& fields,
                                 const std::string& target = "/a",
                                 const wire::IpAddress& client = kClient) {
  HeadParser parser;
  RequestHead request;
  const std::string head = "GET " + target + " HTTP/1.1\r\nHost: www.example\r\n" + fields + "\r\n";
  EXPECT_EQ(parser.parse_request(head, 100, request), HeadError::kNone);
  BalancingSettings settings;
  settings.algorithm = Algorithm::kMaglev;
  settings.hash_by = by;
  settings.hash_name = name;
  return key_of(settings, request, client);
}

TEST(RequestKey, OfTheSourceIsTheAddress) {
  EXPECT_EQ(key(HashBy::kSource, "", ""), key(HashBy::kSource, "", "", "/b"));
  EXPECT_NE(key(HashBy::kSource, "", ""),
            key(HashBy::kSource, "", "", "/a", wire::IpAddress::v4(198, 18, 0, 8)));
}

TEST(RequestKey, OfThePathLeavesTheQueryOut) {
  EXPECT_EQ(key(HashBy::kPath, "", "", "/a?x=1"), key(HashBy::kPath, "", "", "/a?x=2"));
  EXPECT_NE(key(HashBy::kPath, "", "", "/a"), key(HashBy::kPath, "", "", "/b"));
}

TEST(RequestKey, OfAHeaderIsItsValue) {
  EXPECT_EQ(key(HashBy::kHeader, "X-User", "x-user: joe\r\n"),
            key(HashBy::kHeader, "X-User", "Other: 1\r\nX-User: joe\r\n"));
  EXPECT_NE(key(HashBy::kHeader, "X-User", "x-user: joe\r\n"),
            key(HashBy::kHeader, "X-User", "x-user: jim\r\n"));
  EXPECT_FALSE(key(HashBy::kHeader, "X-User", "Other: joe\r\n"));
}

TEST(RequestKey, OfACookieIsItsValueWhereverItStands) {
  const auto expected = key(HashBy::kCookie, "sid", "Cookie: sid=7\r\n");
  EXPECT_TRUE(expected);
  EXPECT_EQ(key(HashBy::kCookie, "sid", "Cookie: a=1; sid=7;b=2\r\n"), expected);
  EXPECT_EQ(key(HashBy::kCookie, "sid", "Cookie: a=1\r\nCookie: sid=7\r\n"), expected);
  EXPECT_NE(key(HashBy::kCookie, "sid", "Cookie: sid=8\r\n"), expected);
  EXPECT_FALSE(key(HashBy::kCookie, "sid", "Cookie: xsid=7; sidx=7; sid\r\n"));
}

TEST(RequestKey, IsNothingForOtherAlgorithms) {
  EXPECT_FALSE(key_of(BalancingSettings{}, RequestHead{}, kClient));
}

}  // namespace
}  // namespace sluice::http
