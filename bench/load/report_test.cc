#include "bench/load/report.h"

#include <gtest/gtest.h>

namespace sluice::load {
namespace {

TEST(Report, HoldsTheResult) {
  const std::string page = report_page(R"({"rate": 12345.5})");
  EXPECT_NE(page.find(R"(id="data">{"rate": 12345.5}</script>)"), std::string::npos);
  EXPECT_EQ(page.find("@DATA@"), std::string::npos);
}

TEST(Report, NeedsNothingBesideIt) {
  const std::string page = report_page("{}");
  EXPECT_EQ(page.find("src="), std::string::npos);
  EXPECT_EQ(page.find("href="), std::string::npos);
  EXPECT_EQ(page.find("@import"), std::string::npos);
}

TEST(Report, CannotBeLeftByWhatIsInTheResult) {
  const std::string page = report_page(R"({"url": "</script><script>alert(1)</script><!--"})");
  EXPECT_EQ(page.find("<script>alert"), std::string::npos);
  EXPECT_NE(page.find(R"(\u003c/script>\u003cscript>alert(1))"), std::string::npos);
}

}  // namespace
}  // namespace sluice::load
