#include "control/top/top_figures.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "control/stats/info_table.h"
#include "control/stats/stat_table.h"
#include "control/stats/text_table.h"

namespace sluice::control {
namespace {

/// As the admin socket writes them.
TopAnswers answers() {
  InfoTable info;
  info.add("Version", kTextTags, "1.2").add("CurrConns", kGaugeTags, 12);
  TextTable workers({"worker", "cpu", "load_pct", "connections", "buffers", "buffers_free"});
  workers.add({std::uint64_t{0}, std::uint64_t{3}, 42.5, std::uint64_t{7}, std::uint64_t{100},
               std::uint64_t{90}});
  TextTable latency({"of", "time", "p50_us", "p99_us"});
  latency.add({std::string("farm"), std::string("connect"), std::uint64_t{1}, std::uint64_t{2}});
  latency.add({std::string("farm"), std::string("total"), std::uint64_t{80}, std::uint64_t{900}});
  std::vector<StatRow> rows{StatRow(RowKind::kFrontend, "www", "FRONTEND", 1, 0),
                            StatRow(RowKind::kServer, "farm", "a,\"b\"", 2, 1),
                            StatRow(RowKind::kBackend, "farm", "BACKEND", 2, 0)};
  rows[0].set("status", "OPEN").set("req_rate", 5).set("rate", 3).set("ereq", 2);
  rows[1].set("status", "DOWN").set("scur", 4).set("econ", 1).set("eresp", 2).set("rate", 6);
  return {info.format_json(), workers.format_json(), format_csv(rows, {}), latency.format_json()};
}

TEST(TopFigures, AreWhatTheAdminSocketTells) {
  const TopFigures figures = read_top_figures(answers());
  EXPECT_EQ(figures.info_or_dash("Version"), "1.2");
  EXPECT_EQ(figures.info_or_dash("CurrConns"), "12");
  EXPECT_EQ(figures.info_or_dash("Unheard"), "-");
  ASSERT_EQ(figures.workers.size(), 1U);
  EXPECT_EQ(figures.workers[0].cpu, 3U);
  EXPECT_EQ(figures.workers[0].load_percent, 42.5);
  EXPECT_EQ(figures.workers[0].drops, 0U) << "an older one may not have it";
  ASSERT_EQ(figures.services.size(), 3U);
  EXPECT_EQ(figures.services[0].kind, TopService::Kind::kFrontend);
  EXPECT_EQ(figures.services[0].rate, 5U);
  EXPECT_EQ(figures.services[0].errors, 2U);
  EXPECT_EQ(figures.services[1].kind, TopService::Kind::kServer);
  EXPECT_EQ(figures.services[1].name, "a,\"b\"");
  EXPECT_EQ(figures.services[1].status, "DOWN");
  EXPECT_EQ(figures.services[1].sessions, 4U);
  EXPECT_EQ(figures.services[1].errors, 3U);
  EXPECT_EQ(figures.services[1].rate, 6U);
  EXPECT_EQ(figures.services[2].kind, TopService::Kind::kBackend);
  EXPECT_EQ(figures.services[2].name, "");
  ASSERT_TRUE(figures.latencies.contains("farm"));
  EXPECT_EQ(figures.latencies.at("farm").p99, 900U);
}

TEST(TopFigures, OtherAnswersAreRefused) {
  const TopAnswers good = answers();
  for (std::string TopAnswers::*answer :
       {&TopAnswers::info, &TopAnswers::workers, &TopAnswers::stat, &TopAnswers::latency}) {
    for (const char* text : {"", "unknown command", "{}", "[1, 2]"}) {
      TopAnswers bad = good;
      bad.*answer = text;
      EXPECT_THROW(read_top_figures(bad), std::runtime_error) << text;
    }
  }
}

}  // namespace
}  // namespace sluice::control
