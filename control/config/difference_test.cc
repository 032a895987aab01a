#include "control/config/difference.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

#include "control/config/keys.h"
#include "control/config/load.h"

namespace sluice::control {
namespace {

constexpr std::string_view kFarm = R"(
[sluice]
workers = 1
[[interface]]
name = "wan"
ports = ["af_packet:wan"]
address = ["198.18.0.1/24"]
[[frontend]]
name = "www"
bind = ["198.18.0.1:80"]
backend = "farm"
route = [{ host = "a.example.com", backend = "farm" }]
[[backend]]
name = "farm"
server = ["198.18.0.11:80", { name = "b", address = "198.18.0.12:80" }]
)";

Config read(const std::string& text) {
  Diagnostics problems;
  auto config = read_config(text, problems);
  EXPECT_TRUE(problems.ok()) << problems.format("test");
  return config.value_or(Config{});
}

// kFarm with one text in the place of another.
std::string farm_with(const std::string& from = {}, const std::string& to = {}) {
  std::string text(kFarm);
  if (!from.empty()) text.replace(text.find(from), from.size(), to);
  return text;
}

Differences compare(const std::string& before, const std::string& after) {
  Differences differences;
  config_section().compare(read(before), read(after), "", differences);
  return differences;
}

Difference only(const Differences& differences) {
  EXPECT_EQ(differences.size(), 1U);
  return differences.empty() ? Difference{} : differences.front();
}

using Kind = Difference::Kind;

TEST(Differences, ThereAreNoneWhateverTheOrderAndTheForm) {
  EXPECT_TRUE(compare(farm_with(), farm_with()).empty());
  const std::string defaults = farm_with("workers = 1", "workers = 1\ndrain_timeout = \"30000ms\"");
  EXPECT_TRUE(compare(farm_with(), defaults).empty()) << "what is written is the default";
}

TEST(Differences, NameTheTableAndTheKeyAndBothValues) {
  const Difference changed = only(compare(
      farm_with(), farm_with("backend = \"farm\"", "backend = \"farm\"\ntimeout.idle = \"7s\"")));
  EXPECT_EQ(changed.kind, Kind::kChanged);
  EXPECT_EQ(changed.table, "[[frontend]] www");
  EXPECT_EQ(changed.key, "timeout.idle");
  EXPECT_EQ(changed.before, "\"30s\"");
  EXPECT_EQ(changed.after, "\"7s\"");
  EXPECT_TRUE(changed.reloads);
}

TEST(Differences, TellWhatNeedsARestart) {
  const Difference workers = only(compare(farm_with(), farm_with("workers = 1", "workers = 2")));
  EXPECT_EQ(workers.table + ' ' + workers.key, "[sluice] workers");
  EXPECT_FALSE(workers.reloads);
  EXPECT_TRUE(
      only(compare(farm_with(), farm_with("workers = 1", "workers = 1\nlog.level = \"debug\"")))
          .reloads);
  const Difference port = only(compare(farm_with(), farm_with("af_packet:wan", "af_packet:lan")));
  EXPECT_EQ(port.table + ' ' + port.key, "[[interface]] wan ports");
  EXPECT_FALSE(port.reloads);
  const std::string more = farm_with() +
                           "[[interface]]\nname = \"lan\"\nports = \"tap:x\"\n"
                           "address = \"198.18.9.1/24\"\n";
  const Difference interface = only(compare(farm_with(), more));
  EXPECT_EQ(interface.kind, Kind::kAdded);
  EXPECT_EQ(interface.table, "[[interface]] lan");
  EXPECT_FALSE(interface.reloads);
  const auto logged = [](const std::string& to) {
    return farm_with() + "[access_log]\nto = \"" + to + "\"\n";
  };
  const Difference log = only(compare(logged("/var/log/a"), logged("/var/log/b")));
  EXPECT_EQ(log.table + ' ' + log.key, "[access_log] to");
  EXPECT_FALSE(log.reloads);
}

TEST(Differences, FollowServersAndRoutesByName) {
  const Difference moved =
      only(compare(farm_with(), farm_with("198.18.0.12:80", "198.18.0.13:80")));
  EXPECT_EQ(moved.table + ' ' + moved.key, "[[backend]] farm server b address");
  const Differences other =
      compare(farm_with(), farm_with("\"198.18.0.11:80\"", "\"198.18.0.14:80\""));
  ASSERT_EQ(other.size(), 2U) << "without a name another address is another server";
  EXPECT_EQ(other[0].kind, Kind::kRemoved);
  EXPECT_EQ(other[0].table, "[[backend]] farm server 198.18.0.11:80");
  EXPECT_EQ(other[1].kind, Kind::kAdded);
  EXPECT_EQ(other[1].after, "address = \"198.18.0.14:80\"");
  const Difference route = only(
      compare(farm_with(), farm_with("[{ host = \"a.example.com\", backend = \"farm\" }]", "[]")));
  EXPECT_EQ(route.kind, Kind::kRemoved);
  EXPECT_EQ(route.table, "[[frontend]] www route a.example.com");
}

TEST(Differences, OfANewBackendAreAllThatItHas) {
  const Differences added = compare(
      farm_with(),
      farm_with("\"a.example.com\", backend = \"farm\"", "\"a.example.com\", backend = \"new\"") +
          "[[backend]]\nname = \"new\"\nretries = 1\nserver = \"198.18.0.15:80\"\n");
  ASSERT_EQ(added.size(), 3U);
  EXPECT_EQ(added[0].table + ' ' + added[0].key, "[[frontend]] www route a.example.com backend");
  EXPECT_EQ(added[1].table, "[[backend]] new");
  EXPECT_EQ(added[1].after, "retries = 1");
  EXPECT_EQ(added[2].table, "[[backend]] new server 198.18.0.15:80");
}

TEST(Differences, ShowFieldsAndAnswersAsTheyAreWritten) {
  const auto with = [](const std::string& keys) {
    return farm_with("backend = \"farm\"\n", "backend = \"farm\"\n" + keys);
  };
  const Difference field = only(compare(with("request.set = { X-A = \"1\", X-B = \"2\" }\n"),
                                        with("request.set = { X-A = \"1\", X-B = \"3\" }\n")));
  EXPECT_EQ(field.key, "request.set");
  EXPECT_EQ(field.before, "{ X-A = \"1\", X-B = \"2\" }");
  EXPECT_EQ(field.after, "{ X-A = \"1\", X-B = \"3\" }");
  EXPECT_TRUE(field.reloads);
  const Difference networks =
      only(compare(with("deny = \"198.18.7.7\"\n"), with("deny = \"198.18.7.8\"\n")));
  EXPECT_EQ(networks.before, "\"198.18.7.7/32\"");
}

// A key whose values all look alike could change without anybody being told.
TEST(Differences, ShowEveryKeyThereIs) {
  const char* testdata = std::getenv("SLUICE_TESTDATA");
  const auto file =
      std::filesystem::path(testdata == nullptr ? "control/testdata" : testdata) / "good/full.toml";
  Diagnostics problems;
  const auto full = load_config(file.string(), problems);
  ASSERT_TRUE(full && problems.ok()) << problems.format(file);
  Differences differences;
  config_section().compare(Config{}, *full, "", differences);
  std::string text;
  for (const Difference& each : differences) text += each.key + " = , " + each.after + ", ";
  // Names are in the table's; the others are the default there, or do not go with what is there.
  const std::set<std::string> elsewhere = {"name", "balance", "tls.ticket_key_file", "tls.tickets",
                                           "tls.verify"};
  for (const SectionDescription& section : all_sections()) {
    for (const KeyDescription& key : section.keys) {
      if (key.type.find("table") != std::string::npos || elsewhere.contains(key.name)) continue;
      EXPECT_NE(text.find(key.name + " = "), std::string::npos) << section.title << ' ' << key.name;
    }
  }
}

}  // namespace
}  // namespace sluice::control
