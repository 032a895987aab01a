#include "control/stats/info_table.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace sluice::control {
namespace {

TEST(ShowInfo, IsALineForEachField) {
  InfoTable table;
  table.add("Name", kTextTags, "Sluice").add("Nbthread", kSettingTags, 2);
  EXPECT_EQ(table.format_text(), "Name: Sluice\nNbthread: 2\n");
}

TEST(ShowInfo, HasTheJsonFormOfHaproxy) {
  InfoTable table;
  table.add("Name", kTextTags, "Sluice").add("CumReq", kCounterTags, 7);
  const auto json = nlohmann::json::parse(table.format_json());
  ASSERT_EQ(json.size(), 2U);
  const nlohmann::json second = {
      {"field", {{"pos", 1}, {"name", "CumReq"}}},
      {"processNum", 1},
      {"tags", {{"origin", "Metric"}, {"nature", "Counter"}, {"scope", "Process"}}},
      {"value", {{"type", "u64"}, {"value", 7}}}};
  EXPECT_EQ(json[1], second);
}

TEST(Uptime, IsWrittenAsHaproxyDoes) {
  EXPECT_EQ(format_uptime(0), "0d 0h00m00s");
  EXPECT_EQ(format_uptime(93784), "1d 2h03m04s");
}

}  // namespace
}  // namespace sluice::control
