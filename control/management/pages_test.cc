#include "control/management/pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Report report() {
  Report report;
  report.info.add("Name", kTextTags, "Sluice").add("CumReq", kCounterTags, 12);
  report.rows.emplace_back(RowKind::kFrontend, "www", "FRONTEND", 1, 0);
  report.rows.emplace_back(RowKind::kServer, "farm", "a<b", 2, 1);
  report.rows.emplace_back(RowKind::kBackend, "farm", "BACKEND", 2, 0);
  report.rows[1].set("status", "DOWN 1/2").set("bin", 3'000'000).set("lastchg", 4000);
  return report;
}

std::string body(const std::string& target) {
  const PageRequest request{target, false};
  EXPECT_TRUE(needs_report(request)) << target;
  const Page page = page_of(request, report());
  EXPECT_EQ(page.status, 200U);
  return page.body;
}

TEST(Pages, HasTheTableWhereHaproxyHasIt) {
  for (const char* target :
       {"/;csv", "/stats;csv", "/haproxy?stats;csv", "/haproxy?stats;csv;norefresh", "/?;csv"}) {
    EXPECT_THAT(body(target), StartsWith("# pxname,svname,qcur,")) << target;
  }
  EXPECT_TRUE(nlohmann::json::parse(body("/stats;json")).is_array());
  EXPECT_TRUE(nlohmann::json::parse(body("/stat.json")).is_array());
  EXPECT_TRUE(nlohmann::json::parse(body("/info.json")).is_array());
  EXPECT_TRUE(nlohmann::json::parse(body("/latency.json")).is_array());
}

TEST(Pages, MetricsCanBeChosenByScope) {
  EXPECT_THAT(body("/metrics"), HasSubstr("sluice_frontend_status{proxy=\"www\""));
  const std::string servers = body("/metrics?scope=server");
  EXPECT_THAT(servers, HasSubstr("sluice_server_status{"));
  EXPECT_THAT(servers, Not(HasSubstr("sluice_frontend_")));
  EXPECT_THAT(servers, Not(HasSubstr("sluice_process_")));
  EXPECT_THAT(body("/metrics?scope=*&scope=&scope=global"), StartsWith("# HELP sluice_process_"));
  EXPECT_EQ(body("/metrics?scope=unheard"), "");
}

TEST(Pages, TheStatisticsAreHtmlWithoutAnythingFromElsewhere) {
  const std::string page = body("/stats");
  EXPECT_THAT(page, StartsWith("<!DOCTYPE html>"));
  EXPECT_THAT(page, HasSubstr("a&lt;b"));
  EXPECT_THAT(page, Not(HasSubstr("a<b")));
  EXPECT_THAT(page, HasSubstr("class=down"));
  EXPECT_THAT(page, HasSubstr("2.9 MiB"));
  EXPECT_THAT(page, HasSubstr("1h6m"));
  EXPECT_THAT(page, Not(HasSubstr("http")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
}

TEST(Pages, HealthNeedsNoReport) {
  const PageRequest health{"/healthz", false};
  const PageRequest ready{"/ready", false};
  EXPECT_FALSE(needs_report(health));
  EXPECT_EQ(page_without_report(health, {}).status, 200U);
  EXPECT_EQ(page_without_report(health, {1s, true}).status, 200U) << "draining is healthy";
  EXPECT_EQ(page_without_report(ready, {1s, true}).status, 503U);
  EXPECT_EQ(page_without_report(health, {6s, false}).status, 503U);
  EXPECT_EQ(page_without_report(ready, {6s, false}).status, 503U);
}

TEST(Pages, ThereAreNoOthers) {
  for (const char* target : {"/metric", "/metrics/", "/admin;csv", "/healthz2", "*"}) {
    const PageRequest request{target, false};
    EXPECT_FALSE(needs_report(request)) << target;
    EXPECT_EQ(page_without_report(request, {}).status, 404U) << target;
  }
}

}  // namespace
}  // namespace sluice::control
