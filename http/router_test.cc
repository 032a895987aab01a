#include "http/router.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::http {
namespace {

constexpr BackendId kNone;

Router router(const std::vector<Route>& routes, BackendId fallback = kNone) {
  return Router(routes, fallback);
}

TEST(Router, WithoutRoutesUsesTheFallback) {
  EXPECT_EQ(router({}, BackendId(7)).find("a", "/"), BackendId(7));
  EXPECT_FALSE(router({}).find("a", "/").valid());
}

TEST(Router, MatchesHostsInAnyCaseAndWithAFinalDot) {
  const Router routes = router({{"www.Example", "", BackendId(1)}});
  EXPECT_EQ(routes.find("www.example", "/"), BackendId(1));
  EXPECT_EQ(routes.find("WWW.EXAMPLE.", "/x"), BackendId(1));
  EXPECT_FALSE(routes.find("example", "/").valid());
  EXPECT_FALSE(routes.find("", "/").valid());
  EXPECT_FALSE(routes.find(std::string(300, 'a'), "/").valid());
}

TEST(Router, TheMostExactHostWins) {
  const Router routes = router({{"", "", BackendId(0)},
                                {"*.example", "", BackendId(1)},
                                {"*.b.example", "", BackendId(2)},
                                {"a.b.example", "", BackendId(3)}});
  EXPECT_EQ(routes.find("a.b.example", "/"), BackendId(3));
  EXPECT_EQ(routes.find("c.b.example", "/"), BackendId(2));
  EXPECT_EQ(routes.find("d.c.b.example", "/"), BackendId(2));
  EXPECT_EQ(routes.find("b.example", "/"), BackendId(1));
  EXPECT_EQ(routes.find("example", "/"), BackendId(0)) << "a wildcard needs a subdomain";
  EXPECT_EQ(routes.find(".example", "/"), BackendId(0));
  EXPECT_EQ(routes.find("other", "/"), BackendId(0));
}

TEST(Router, PrefixesEndAtSegmentBorders) {
  const Router routes = router({{"", "/api", BackendId(1)}, {"", "/img/", BackendId(2)}});
  EXPECT_EQ(routes.find("h", "/api"), BackendId(1));
  EXPECT_EQ(routes.find("h", "/api/"), BackendId(1));
  EXPECT_EQ(routes.find("h", "/api/v1"), BackendId(1));
  EXPECT_FALSE(routes.find("h", "/apis").valid());
  EXPECT_FALSE(routes.find("h", "/ap").valid());
  EXPECT_EQ(routes.find("h", "/img"), BackendId(2));
  EXPECT_EQ(routes.find("h", "/img/a"), BackendId(2));
  EXPECT_FALSE(routes.find("h", "/IMG/a").valid()) << "paths are case-sensitive";
}

TEST(Router, TheLongestPathWins) {
  const Router routes = router({{"", "/", BackendId(0)},
                                {"", "/a", BackendId(1)},
                                {"", "/a/b/c", BackendId(3)},
                                {"", "/a/b", BackendId(2)}});
  EXPECT_EQ(routes.find("h", "/a/b/c/d"), BackendId(3));
  EXPECT_EQ(routes.find("h", "/a/b/x"), BackendId(2));
  EXPECT_EQ(routes.find("h", "/a/x"), BackendId(1));
  EXPECT_EQ(routes.find("h", "/x"), BackendId(0));
}

TEST(Router, LooksOnInLessExactHosts) {
  const Router routes = router({{"www.example", "/only", BackendId(1)},
                                {"*.example", "/sub", BackendId(2)},
                                {"", "/any", BackendId(3)}},
                               BackendId(9));
  EXPECT_EQ(routes.find("www.example", "/only"), BackendId(1));
  EXPECT_EQ(routes.find("www.example", "/sub"), BackendId(2));
  EXPECT_EQ(routes.find("www.example", "/any"), BackendId(3));
  EXPECT_EQ(routes.find("www.example", "/x"), BackendId(9));
}

TEST(Router, TheFirstOfEqualRoutesStands) {
  EXPECT_EQ(router({{"h", "/a", BackendId(1)}, {"H", "/a/", BackendId(2)}}).find("h", "/a"),
            BackendId(1));
}

TEST(Router, FindsEachOfManyRoutes) {
  std::vector<Route> routes;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    routes.push_back(
        {"h" + std::to_string(i % 100) + ".example", "/p" + std::to_string(i), BackendId(i)});
  }
  const Router many = router(routes);
  for (std::uint32_t i = 0; i < 5000; ++i) {
    ASSERT_EQ(many.find(routes[i].host, routes[i].path + "/x"), BackendId(i));
  }
}

}  // namespace
}  // namespace sluice::http
