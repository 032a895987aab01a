#include "control/admin/readable.h"

#include <gtest/gtest.h>

#include "control/stats/stat_table.h"

namespace sluice::control {
namespace {

TEST(Readable, ShowsStatisticsAsAlignedColumns) {
  StatRow www(RowKind::kFrontend, "www", "FRONTEND", 1, 0);
  www.set("status", "OPEN").set("scur", 12).set("bin", 123456).set("hrsp_5xx", 3);
  StatRow web(RowKind::kServer, "farm", "web1", 2, 1);
  web.set("status", "no check").set("weight", 5);
  const std::vector<StatRow> rows{www, web};
  const std::string text = readable(format_csv(rows, {}));
  const std::string first = text.substr(0, text.find('\n'));
  EXPECT_TRUE(first.starts_with("proxy  name      status    weight  now ")) << text;
  EXPECT_NE(text.find("\nwww    FRONTEND  OPEN "), std::string::npos) << text;
  EXPECT_NE(text.find("\nfarm   web1      no check       5 "), std::string::npos) << text;
  EXPECT_NE(text.find(" 123456 "), std::string::npos) << text;
}

TEST(Readable, SaysWhatStatesMean) {
  const std::string text = readable(
      "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight "
      "srv_iweight srv_time_since_last_change srv_port srv_use_ssl\n"
      "4 farm 1 web1 198.18.0.11 2 8 5 10 77 80 1\n");
  EXPECT_NE(
      text.find("farm     web1    198.18.0.11    80  up  drain       5       10       77  yes"),
      std::string::npos)
      << text;
}

TEST(Readable, LeavesOtherAnswersAlone) {
  for (const std::string answer : {"", "1\n", "Name: Sluice\nVersion: 1\n", "# name\nfarm\n"}) {
    EXPECT_EQ(readable(answer), answer);
  }
}

}  // namespace
}  // namespace sluice::control
