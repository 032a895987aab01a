#include "dataplane/port/dpdk_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rte_log.h>

#include <vector>

namespace sluice::port {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

void say(std::uint32_t level, const char* text) {
  rte_log(level, RTE_LOGTYPE_USER1, "%s", text);
}

class DpdkLogTest : public ::testing::Test {
 protected:
  std::vector<std::pair<LogLevel, std::string>> lines_;
  DpdkLog log_{[this](LogLevel level, std::string_view text) { lines_.emplace_back(level, text); }};
};

TEST_F(DpdkLogTest, GivesTheSinkWholeLinesWithTheirLevel) {
  say(RTE_LOG_ERR, "one\ntwo\n");
  say(RTE_LOG_WARNING, "three\n");
  EXPECT_THAT(lines_, ElementsAre(Pair(LogLevel::kError, "one"), Pair(LogLevel::kError, "two"),
                                  Pair(LogLevel::kWarning, "three")));
}

TEST_F(DpdkLogTest, AnAttemptKeepsItsComplaintsAndQuietensThem) {
  say(RTE_LOG_ERR, "before\n");
  {
    const DpdkLog::Attempt attempt(&log_);
    say(RTE_LOG_ERR, "within\n");
    say(RTE_LOG_INFO, "no complaint\n");
    EXPECT_EQ(log_.complaints(), "within");
  }
  say(RTE_LOG_ERR, "behind\n");
  EXPECT_EQ(lines_[1].first, LogLevel::kDebug);
  EXPECT_EQ(lines_.back().first, LogLevel::kError);
}

TEST_F(DpdkLogTest, KeepsTheLatestFourComplaints) {
  for (const char* text : {"a\n", "b\n", "c\n", "d\n", "e\n"}) say(RTE_LOG_ERR, text);
  EXPECT_EQ(log_.complaints(), "b; c; d; e");
}

}  // namespace
}  // namespace sluice::port
