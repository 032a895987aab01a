#include "control/stats/server_tables.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace sluice::control {
namespace {

/// One server of a backend with checks, and its row.
class ServerTablesTest : public testing::Test {
 protected:
  ServerTablesTest() : row_(RowKind::kServer, "farm", "web1", 2, 1) {
    backend_.name = "farm";
    backend_.check.kind = http::CheckKind::kHttp;
    server_.name = "web1";
    row_.set("status", std::string("UP"));
  }

  /// The last server's fields of `show servers state`.
  std::vector<std::string> fields() {
    const ListedServer listed{backend_, server_, row_};
    const std::string text = format_servers_state({&listed, 1}, [](auto&) { return 1U; });
    std::istringstream last(text.substr(text.rfind('\n', text.size() - 2) + 1));
    return {std::istream_iterator<std::string>(last), {}};
  }

  /// Status, result, health and state of the checks.
  std::vector<std::string> checks() {
    const auto all = fields();
    return {all.begin() + 10, all.begin() + 14};
  }

  http::Backend backend_;
  http::Server server_;
  StatRow row_;
};

using Fields = std::vector<std::string>;

TEST_F(ServerTablesTest, ThereAreAsManyFieldsAsNames) {
  EXPECT_EQ(fields().size(), 25U);
}

TEST_F(ServerTablesTest, AGoodCheckHasItsStatusAndHealth) {
  row_.set("check_status", std::string("L7OK")).set("check_health", 4);
  EXPECT_EQ(checks(), (Fields{"16", "3", "4", "6"}));
}

TEST_F(ServerTablesTest, AFailedCheckHasItsReason) {
  row_.set("check_status", std::string("L4TOUT")).set("check_health", 1);
  EXPECT_EQ(checks(), (Fields{"7", "2", "1", "6"}));
}

TEST_F(ServerTablesTest, BeforeTheFirstCheckTheResultIsUnknown) {
  row_.set("check_status", std::string("INI")).set("check_health", 0);
  EXPECT_EQ(checks(), (Fields{"1", "0", "0", "6"}));
}

TEST_F(ServerTablesTest, ChecksPauseInMaintenance) {
  server_.mode = http::ServerMode::kMaint;
  row_.set("check_status", std::string("L7OK")).set("check_health", 4);
  EXPECT_EQ(checks().back(), "14");
}

TEST_F(ServerTablesTest, WithoutChecksThereIsNoResult) {
  backend_.check.kind = http::CheckKind::kNone;
  EXPECT_EQ(checks(), (Fields{"1", "0", "2", "0"}));
}

}  // namespace
}  // namespace sluice::control
