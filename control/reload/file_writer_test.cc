#include "control/reload/file_writer.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "control/config/load.h"

namespace sluice::control {
namespace {

constexpr std::string_view kHead = R"(# Nobody but us.
[[interface]]
name = "wan"   # the internet
ports = ["af_packet:wan"]
address = ["198.18.0.1/24"]

[[frontend]]
name = "www"   # ü
bind = ["198.18.0.1:80"]
backend = "farm"

)";

Config read(const std::string& text) {
  Diagnostics problems;
  auto config = read_config(text, problems);
  EXPECT_TRUE(problems.ok()) << problems.format("test") << text;
  return config.value_or(Config{});
}

// What an edit of the running configuration changes in a file that ends so.
std::string written(const std::string& backend, const std::function<void(Config&)>& edit) {
  const std::string text = std::string(kHead) + backend;
  const Config file = read(text);
  Config runs = file;
  edit(runs);
  std::string result = with_changes_written(text, file, runs);
  return result.starts_with(kHead) ? result.substr(kHead.size()) : result;
}

std::vector<ServerConfig>& servers(Config& config) {
  return config.backends.front().servers;
}

ServerConfig server(const std::string& name, const std::string& address) {
  ServerConfig server;
  server.name.value = name;
  server.address.value = *wire::Endpoint::parse(address);
  return server;
}

TEST(FileWriter, LeavesAFileAloneThatSaysWhatRuns) {
  const std::string farm = "[[backend]]\nname = \"farm\"\nserver = \"198.18.0.11:80\"\n";
  EXPECT_EQ(written(farm, [](Config&) {}), farm);
}

TEST(FileWriter, SetsKeysOfAServerInItsOwnTable) {
  const auto edit = [](Config& config) {
    servers(config)[0].weight = 7;
    servers(config)[0].mode = http::ServerMode::kDrain;
    servers(config)[0].connection_limit = 50;
  };
  EXPECT_EQ(written(R"([[backend]]
name = "farm"

  [[backend.server]]
  name = "web1"
  address = "198.18.0.11:80"  # rack 3
  weight = 5 # half

[[backend.server]]
address = "198.18.0.12:80"
)",
                    edit),
            R"([[backend]]
name = "farm"

  [[backend.server]]
  name = "web1"
  address = "198.18.0.11:80"  # rack 3
  state = "drain"
  limit.connections = 50
  weight = 7 # half

[[backend.server]]
address = "198.18.0.12:80"
)");
}

TEST(FileWriter, SetsKeysOfAServerInBraces) {
  EXPECT_EQ(written("[[backend]]\nname = \"farm\"\nserver = [{ name = \"a\", address = "
                    "\"198.18.0.11:80\", weight=3 }, { address = \"198.18.0.12:80\", limit = "
                    "{ connections = 3 } }]\n",
                    [](Config& config) {
                      servers(config)[0].weight = 4;
                      servers(config)[0].mode = http::ServerMode::kMaint;
                      servers(config)[1].connection_limit = 9;
                    }),
            "[[backend]]\nname = \"farm\"\nserver = [{ name = \"a\", address = "
            "\"198.18.0.11:80\", state = \"maint\", weight=4 }, { address = \"198.18.0.12:80\", "
            "limit = { connections = 9 } }]\n");
}

TEST(FileWriter, MakesATableOfAServerThatIsAnAddress) {
  EXPECT_EQ(written("[[backend]]\nname = \"farm\"\nserver = [\n  \"198.18.0.11:80\", # one\n  "
                    "\"198.18.0.12:80\",\n]\n",
                    [](Config& config) { servers(config)[0].weight = 0; }),
            "[[backend]]\nname = \"farm\"\nserver = [\n  { address = \"198.18.0.11:80\", weight = "
            "0 }, # one\n  \"198.18.0.12:80\",\n]\n");
}

TEST(FileWriter, AServerThatMovesKeepsItsName) {
  const auto move = [](Config& config) {
    servers(config)[0].address.value = *wire::Endpoint::parse("198.18.0.99:81");
  };
  EXPECT_EQ(written("[[backend]]\nname = \"farm\"\nserver = \"198.18.0.11:80\"\n", move),
            "[[backend]]\nname = \"farm\"\nserver = { name = \"198.18.0.11:80\", address = "
            "\"198.18.0.99:81\" }\n");
  EXPECT_EQ(written("[[backend]]\nname = \"farm\"\n[[backend.server]]\naddress = "
                    "\"198.18.0.11:80\"\n",
                    move),
            "[[backend]]\nname = \"farm\"\n[[backend.server]]\naddress = "
            "\"198.18.0.99:81\"\nname = \"198.18.0.11:80\"\n");
}

TEST(FileWriter, AddsServersInTheFormOfTheOthers) {
  const auto add = [](Config& config) {
    servers(config).push_back(server("web3", "198.18.0.13:80"));
    servers(config).push_back(server("198.18.0.14:80", "198.18.0.14:80"));
    servers(config)[2].weight = 9;
  };
  EXPECT_EQ(
      written("[[backend]]\nname = \"farm\"\nserver = [\"198.18.0.11:80\"] # all\n", add),
      "[[backend]]\nname = \"farm\"\nserver = [\"198.18.0.11:80\", { name = \"web3\", "
      "address = \"198.18.0.13:80\" }, { address = \"198.18.0.14:80\", weight = 9 }] # all\n");
  EXPECT_EQ(written("[[backend]]\nname = \"farm\"\nserver = \"198.18.0.11:80\"\n",
                    [](Config& config) {
                      servers(config).push_back(server("198.18.0.14:80", "198.18.0.14:80"));
                    }),
            "[[backend]]\nname = \"farm\"\nserver = [\"198.18.0.11:80\", \"198.18.0.14:80\"]\n");
  EXPECT_EQ(
      written("[[backend]]\nname = \"farm\"\nserver = [\n    \"198.18.0.11:80\" # one\n]\n", add),
      "[[backend]]\nname = \"farm\"\nserver = [\n    \"198.18.0.11:80\",\n    { name = "
      "\"web3\", address = \"198.18.0.13:80\" },\n    { address = \"198.18.0.14:80\", weight "
      "= 9 } # one\n]\n");
  EXPECT_EQ(
      written("[[backend]]\nname = \"farm\"\n[[backend.server]]\naddress = "
              "\"198.18.0.11:80\" # one\n# the end\n",
              [](Config& config) { servers(config).push_back(server("web3", "198.18.0.13:80")); }),
      "[[backend]]\nname = \"farm\"\n[[backend.server]]\naddress = \"198.18.0.11:80\" # "
      "one\n\n[[backend.server]]\nname = \"web3\"\naddress = \"198.18.0.13:80\"\n# the "
      "end\n");
}

// Removes those servers.
std::function<void(Config&)> without(std::vector<int> which) {
  return [which](Config& config) {
    for (auto it = which.rbegin(); it != which.rend(); ++it) {
      servers(config).erase(servers(config).begin() + *it);
    }
  };
}

TEST(FileWriter, RemovesServersFromAList) {
  const std::string list =
      "[[backend]]\nname = \"farm\"\nserver = [\"198.18.0.11:80\", \"198.18.0.12:80\", "
      "\"198.18.0.13:80\"]\n";
  const std::string head = "[[backend]]\nname = \"farm\"\nserver = [";
  EXPECT_EQ(written(list, without({0})), head + "\"198.18.0.12:80\", \"198.18.0.13:80\"]\n");
  EXPECT_EQ(written(list, without({1})), head + "\"198.18.0.11:80\", \"198.18.0.13:80\"]\n");
  EXPECT_EQ(written(list, without({1, 2})), head + "\"198.18.0.11:80\"]\n");
  EXPECT_EQ(written(list, without({0, 2})), head + "\"198.18.0.12:80\"]\n");
}

TEST(FileWriter, RemovesWholeLinesOfAList) {
  const std::string list =
      "[[backend]]\nname = \"farm\"\nserver = [\n  \"198.18.0.11:80\", # one\n  "
      "\"198.18.0.12:80\", # two\n  \"198.18.0.13:80\" # three\n]\n";
  EXPECT_EQ(written(list, without({1})),
            "[[backend]]\nname = \"farm\"\nserver = [\n  \"198.18.0.11:80\", # one\n  "
            "\"198.18.0.13:80\" # three\n]\n");
  EXPECT_EQ(written(list, without({2})),
            "[[backend]]\nname = \"farm\"\nserver = [\n  \"198.18.0.11:80\", # one\n  "
            "\"198.18.0.12:80\", # two\n]\n");
}

TEST(FileWriter, RemovesTheTableOfAServerWithAllThatIsInIt) {
  EXPECT_EQ(written(R"([[backend]]
name = "farm"

[[backend.server]]
address = "198.18.0.11:80"
[backend.server.limit]
connections = 7

# The second.
[[backend.server]]
address = "198.18.0.12:80"
)",
                    without({0})),
            R"([[backend]]
name = "farm"

# The second.
[[backend.server]]
address = "198.18.0.12:80"
)");
}

TEST(FileWriter, ReplacesAllServers) {
  EXPECT_EQ(written("[[backend]]\nname = \"farm\"\nserver = [\"198.18.0.11:80\"]\n",
                    [](Config& config) { servers(config) = {server("web3", "198.18.0.13:80")}; }),
            "[[backend]]\nname = \"farm\"\nserver = [{ name = \"web3\", address = "
            "\"198.18.0.13:80\" }, ]\n");
}

TEST(FileWriter, DisablesAFrontend) {
  const std::string farm = "[[backend]]\nname = \"farm\"\nserver = \"198.18.0.11:80\"\n";
  const std::string text =
      written(farm, [](Config& config) { config.frontends.front().enabled = false; });
  EXPECT_NE(text.find("name = \"www\"   # ü\nenabled = false\nbind ="), std::string::npos) << text;
}

TEST(FileWriter, LiftsALimit) {
  const std::string farm =
      "limit.connections = 5\n[[backend]]\nname = \"farm\"\nserver = \"198.18.0.11:80\"\n";
  const std::string text =
      written(farm, [](Config& config) { config.frontends.front().connection_limit = 0; });
  EXPECT_NE(text.find("limit.connections = 0\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace sluice::control
