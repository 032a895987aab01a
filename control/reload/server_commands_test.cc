#include "control/reload/server_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "control/config/load.h"
#include "control/reload/frontend_commands.h"

namespace sluice::control {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view kFarm = R"(
[[interface]]
name = "wan"
ports = ["af_packet:wan"]
address = ["198.18.0.1/24"]
[[frontend]]
name = "www"
bind = "198.18.0.1:80"
backend = "farm"
[[backend]]
name = "farm"
[[backend.server]]
name = "web1"
address = "198.18.0.11:80"
weight = 10
[[backend.server]]
name = "web2"
address = "198.18.0.12:80"
)";

/// The answers are those of HAProxy 2.6 to the same commands.
class ServerCommands : public ::testing::Test {
 protected:
  ServerCommands() {
    Diagnostics problems;
    const Config config = read_config(kFarm, problems).value();
    EXPECT_TRUE(problems.ok()) << problems.format("test");
    reloader_.emplace("unused", ReadFile{std::string(kFarm), config}, builder_,
                      [this](http::Settings settings, const Config& /*config*/) {
                        settings_ = std::move(settings);
                      });
    add_server_commands(
        commands_, *reloader_,
        [this](const std::string& /*backend*/, const std::string& /*server*/) { return in_use_; });
    add_frontend_commands(commands_, *reloader_);
  }

  Answer run(const std::string& line, AdminLevel level = AdminLevel::kAdmin) {
    return commands_.run(split_commands(line).front(), level);
  }
  std::string done(const std::string& line) {
    const Answer answer = run(line);
    EXPECT_FALSE(answer.failed) << line << ": " << answer.text;
    return answer.text;
  }
  std::string refused(const std::string& line) {
    const Answer answer = run(line);
    EXPECT_TRUE(answer.failed) << line;
    return answer.text;
  }
  const std::vector<http::Server>& servers() { return settings_.backends.at(0)->servers; }

  SettingsBuilder builder_{1};
  http::Settings settings_;
  std::optional<Reloader> reloader_;
  CommandTable commands_;
  bool in_use_ = false;
};

TEST_F(ServerCommands, SetWeights) {
  EXPECT_EQ(done("set server farm/web1 weight 3"), "");
  EXPECT_EQ(servers()[0].weight, 3U);
  EXPECT_EQ(done("set weight farm/web1 50%"), "");
  EXPECT_EQ(servers()[0].weight, 5U) << "of the file's";
  EXPECT_EQ(done("get weight farm/web1"), "5 (initial 10)\n");
  EXPECT_EQ(done("set weight farm/web1 9999999%"), "");
  EXPECT_EQ(servers()[0].weight, 256U);
  EXPECT_EQ(refused("set weight farm/web1 300"),
            "Absolute weight can only be between 0 and 256 inclusive.\n");
  EXPECT_EQ(refused("set weight farm/web1 -5%"), "Relative weight must be positive.\n");
  EXPECT_EQ(refused("set weight farm/web1 abc"),
            "Empty weight string empty or preceded by garbage\n");
  EXPECT_EQ(refused("set weight farm/web1 5x"), "Trailing garbage in weight string\n");
  EXPECT_EQ(refused("set weight farm/web1"), "Require <weight> or <weight%>.\n");
}

TEST_F(ServerCommands, NameWhatIsNotThere) {
  EXPECT_EQ(refused("get weight farm/web9"), "No such server.\n");
  EXPECT_EQ(refused("get weight shop/web1"), "No such backend.\n");
  EXPECT_EQ(refused("set server farm"), "Require 'backend/server'.\n");
  EXPECT_THAT(refused("set server farm/web1 foo"), HasSubstr("usage: set server"));
  EXPECT_EQ(refused("enable frontend shop"), "No such frontend.\n");
}

TEST_F(ServerCommands, SetStates) {
  EXPECT_EQ(done("set server farm/web2 state drain"), "");
  EXPECT_EQ(servers()[1].mode, http::ServerMode::kDrain);
  EXPECT_EQ(done("disable server farm/web2"), "");
  EXPECT_EQ(servers()[1].mode, http::ServerMode::kMaint);
  EXPECT_EQ(done("enable server farm/web2"), "");
  EXPECT_EQ(servers()[1].mode, http::ServerMode::kReady);
  EXPECT_EQ(refused("set server farm/web2 state bogus"),
            "'set server <srv> state' expects 'ready', 'drain' and 'maint'.\n");
}

TEST_F(ServerCommands, MoveServers) {
  EXPECT_EQ(done("set server farm/web1 addr 198.18.0.20"),
            "IP changed from '198.18.0.11' to '198.18.0.20' by 'stats socket command'\n");
  EXPECT_EQ(servers()[0].address.to_string(), "198.18.0.20:80");
  EXPECT_EQ(done("set server farm/web1 addr 198.18.0.20"),
            "no need to change the addr by 'stats socket command'\n");
  EXPECT_EQ(
      done("set server farm/web1 addr 198.18.0.20 port 81"),
      "no need to change the addr, port changed from '80' to '81' by 'stats socket command'\n");
  EXPECT_EQ(refused("set server farm/web1 addr x"), "Invalid addr 'x' by 'stats socket command'\n");
  EXPECT_THAT(refused("set server farm/web1 addr 192.0.2.1"), HasSubstr("192.0.2.1"))
      << "no interface leads there";
  EXPECT_THAT(refused("set server farm/web1 addr 198.18.0.12 port 80"),
              HasSubstr("another server"));
}

TEST_F(ServerCommands, AddServersInMaintenance) {
  EXPECT_EQ(done("add server farm/web3 198.18.0.13:80 weight 3 maxconn 20 backup"),
            "New server registered.\n");
  ASSERT_EQ(servers().size(), 3U);
  EXPECT_EQ(servers()[2].mode, http::ServerMode::kMaint);
  EXPECT_EQ(servers()[2].weight, 3U);
  EXPECT_EQ(servers()[2].connection_limit, 20U);
  EXPECT_TRUE(servers()[2].backup);
  EXPECT_EQ(refused("add server farm/web3 198.18.0.14:80"),
            "Already exists a server with the same name in backend.\n");
  EXPECT_EQ(refused("add server farm/web4"),
            "'server' expects <name> and <addr>[:<port>] as arguments.\n");
  EXPECT_EQ(refused("add server shop/web4 198.18.0.14:80"), "No such backend.\n");
  EXPECT_EQ(refused("add server farm/web4 198.18.0.14:80 bogus 3"), "unknown keyword 'bogus'.\n");
  EXPECT_EQ(done("add server farm/web4 198.18.0.14:80 enabled"), "New server registered.\n");
  EXPECT_EQ(servers()[3].mode, http::ServerMode::kReady);
}

TEST_F(ServerCommands, DeleteServersThatNobodyUses) {
  EXPECT_EQ(refused("del server farm/web1"), "Only servers in maintenance mode can be deleted.\n");
  done("disable server farm/web1");
  in_use_ = true;
  EXPECT_EQ(refused("del server farm/web1"),
            "Server still has connections attached to it, cannot remove it.\n");
  in_use_ = false;
  EXPECT_EQ(done("del server farm/web1"), "Server deleted.\n");
  ASSERT_EQ(servers().size(), 1U);
  EXPECT_EQ(servers()[0].name, "web2");
}

TEST_F(ServerCommands, LimitServers) {
  EXPECT_EQ(done("set maxconn server farm/web1 60"), "");
  EXPECT_EQ(servers()[0].connection_limit, 60U);
  EXPECT_EQ(refused("set maxconn server farm/web1"), "Require <maxconn>.\n");
  EXPECT_THAT(refused("set maxconn server farm/web1 x"), HasSubstr("Integer value expected"));
}

TEST_F(ServerCommands, EnableAndDisableFrontends) {
  EXPECT_EQ(refused("enable frontend www"), "All sockets are already enabled.\n");
  EXPECT_EQ(done("disable frontend www"), "");
  EXPECT_FALSE(settings_.frontends[0]->enabled);
  EXPECT_EQ(refused("disable frontend www"), "All sockets are already disabled.\n");
}

TEST_F(ServerCommands, AreForAdministratorsButForLooking) {
  EXPECT_EQ(run("set weight farm/web1 1", AdminLevel::kOperator).text,
            "Permission denied: 'set weight' needs level admin, this is operator\n");
  EXPECT_FALSE(run("get weight farm/web1", AdminLevel::kUser).failed);
}

}  // namespace
}  // namespace sluice::control
