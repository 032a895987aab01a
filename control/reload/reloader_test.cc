#include "control/reload/reloader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <sstream>
#include <string>

#include "control/config/load.h"
#include "control/reload/reload_commands.h"
#include "control/reload/reload_report.h"
#include "tls/server/server_identity.h"
#include "tls/testing/certificates.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// What is told but for warnings: the certificates of tests end within a day.
std::string told(const std::string& text) {
  std::istringstream lines(text);
  std::string rest;
  for (std::string line; std::getline(lines, line);) {
    if (line.find(": warning: ") == std::string::npos) rest += line + "\n";
  }
  return rest;
}

/// A file with one plain and one secure frontend, as a Sluice with two workers runs it.
class ReloaderTest : public ::testing::Test {
 protected:
  ReloaderTest() {
    directory_.write("www.pem", authority_.issue({.dns_names = {"www"}}).both());
    write(farm());
    Diagnostics problems;
    const Config config = read_config(farm(), problems).value();
    EXPECT_TRUE(problems.ok()) << problems.format(file_);
    settings_ = builder_.build(config);
    reloader_.emplace(file_, ReadFile{farm(), config}, builder_,
                      [this](http::Settings settings, const Config& /*config*/) {
                        former_ = std::move(settings_);
                        settings_ = std::move(settings);
                        ++published_;
                      });
  }

  void write(const std::string& text) { directory_.write("sluice.toml", text); }

  // The file, with one text in the place of another.
  [[nodiscard]] std::string farm(const std::string& from = {}, const std::string& to = {}) const {
    std::string text = R"(
[sluice]
workers = 2
[[interface]]
name = "wan"
ports = ["af_packet:wan"]
address = ["198.18.0.1/24"]
[[frontend]]
name = "www"
bind = "198.18.0.1:80"
backend = "farm"
[[frontend]]
name = "secure"
bind = "198.18.0.1:443"
tls.certificate = ")" + directory_.path().string() +
                       R"("
backend = "farm"
[[backend]]
name = "farm"
server = ["198.18.0.11:80", "198.18.0.12:80"]
)";
    if (!from.empty()) text.replace(text.find(from), from.size(), to);
    return text;
  }

  tls::testing::TemporaryDirectory directory_;
  tls::testing::CertificateAuthority authority_;
  std::string file_ = (directory_.path() / "sluice.toml").string();
  SettingsBuilder builder_{2};
  http::Settings settings_;
  http::Settings former_;
  std::optional<Reloader> reloader_;
  int published_ = 0;
};

TEST_F(ReloaderTest, TakesOverWhatHasChanged) {
  write(farm("\"198.18.0.12:80\"", "\"198.18.0.13:80\""));
  const ReloadReport report = reloader_->reload();
  EXPECT_TRUE(report.accepted()) << describe_reload(report);
  EXPECT_EQ(published_, 1);
  EXPECT_EQ(settings_.backends[0]->servers[1].address.to_string(), "198.18.0.13:80");
  EXPECT_EQ(reloader_->config().backends[0].servers[1].name.value, "198.18.0.13:80");
  const std::string text = describe_reload(report);
  EXPECT_THAT(text, StartsWith("reloaded " + file_ + " in "));
  EXPECT_THAT(text, HasSubstr("ms: 2 changes\n- [[backend]] farm server 198.18.0.12:80\n+ "));
  EXPECT_TRUE(reloader_->diff().differences.empty()) << "it is the file that runs";
}

TEST_F(ReloaderTest, ChangesNothingWhenTheFileHasAnError) {
  write(farm("bind = \"198.18.0.1:80\"", "bind = \"198.18.0.1\""));
  const ReloadReport report = reloader_->reload();
  EXPECT_FALSE(report.accepted());
  EXPECT_EQ(published_, 0);
  EXPECT_THAT(describe_reload(report),
              StartsWith("not reloaded: " + file_ + " cannot be used\n" + file_ + ":10:8: 'bind'"));
  EXPECT_EQ(reloader_->config().frontends[0].bind.size(), 1U);
}

TEST_F(ReloaderTest, ChangesNothingWhenAnythingNeedsARestart) {
  std::string text = farm("workers = 2", "workers = 3");
  text += "retries = 9\n";
  write(text);
  const ReloadReport report = reloader_->reload();
  EXPECT_FALSE(report.accepted());
  EXPECT_EQ(published_, 0);
  EXPECT_EQ(told(describe_reload(report)),
            "not reloaded: 1 change needs a restart\n! [sluice] workers: 2 -> 3\n");
  EXPECT_EQ(told(describe_diff(reloader_->diff())),
            "a reload would be refused: 1 change needs a restart\n"
            "! [sluice] workers: 2 -> 3\n~ [[backend]] farm retries: 2 -> 9\n");
}

TEST_F(ReloaderTest, ADiffChangesNothing) {
  write(farm() + "retries = 9\n");
  EXPECT_EQ(told(describe_diff(reloader_->diff())),
            "a reload would make 1 change\n~ [[backend]] farm retries: 2 -> 9\n");
  EXPECT_EQ(published_, 0);
  write(farm());
  EXPECT_EQ(told(describe_diff(reloader_->diff())), "a reload would change nothing\n");
}

TEST_F(ReloaderTest, KeepsWhatTlsClientsAreShownWhenItIsTheSame) {
  write(farm() + "retries = 9\n");
  ASSERT_TRUE(reloader_->reload().accepted());
  EXPECT_EQ(settings_.frontends[1]->identities, former_.frontends[1]->identities);
  EXPECT_EQ(settings_.frontends[1]->identities.size(), 2U);
  write(farm("backend = \"farm\"\n[[backend]]",
             "backend = \"farm\"\ntls.policy = \"modern\"\n[[backend]]"));
  ASSERT_TRUE(reloader_->reload().accepted());
  EXPECT_NE(settings_.frontends[1]->identities, former_.frontends[1]->identities);
}

TEST_F(ReloaderTest, ReadsCertificatesAgainWhoseFilesHaveChanged) {
  EXPECT_TRUE(reloader_->diff().certificates.empty());
  directory_.write("www.pem", authority_.issue({.dns_names = {"other"}}).both());
  const std::string name = (directory_.path() / "www.pem").string();
  EXPECT_THAT(reloader_->diff().certificates, ElementsAre(name));
  const ReloadReport report = reloader_->reload();
  EXPECT_THAT(describe_reload(report), HasSubstr("1 change\n~ certificate " + name + "\n"));
  const auto& shown = settings_.frontends[1]->identities[0]->certificates().certificates();
  EXPECT_EQ(shown.front()->info().names.front(), "other");
  EXPECT_TRUE(reloader_->diff().certificates.empty());
}

TEST_F(ReloaderTest, FindsCertificatesThatAreNewAndLeavesOutThoseThatAreGone) {
  directory_.write("new.pem", authority_.issue({.dns_names = {"new"}}).both());
  ASSERT_TRUE(reloader_->reload().accepted());
  EXPECT_EQ(settings_.frontends[1]->identities[0]->certificates().certificates().size(), 2U);
  std::filesystem::remove(directory_.path() / "new.pem");
  ASSERT_TRUE(reloader_->reload().accepted());
  EXPECT_EQ(settings_.frontends[1]->identities[0]->certificates().certificates().size(), 1U);
  EXPECT_EQ(builder_.certificates().entries().size(), 1U);
}

TEST_F(ReloaderTest, ABrokenCertificateChangesNothing) {
  const auto before = builder_.certificates().entries().begin()->second.current;
  directory_.write("www.pem", "broken");
  const ReloadReport report = reloader_->reload();
  EXPECT_FALSE(report.accepted());
  EXPECT_THAT(report.problems, HasSubstr("www.pem: no certificate"));
  EXPECT_EQ(builder_.certificates().entries().begin()->second.current, before);
}

TEST_F(ReloaderTest, ACertificateThatWasReplacedByCommandStaysWhileItsFileIsTheSame) {
  const std::string name = (directory_.path() / "www.pem").string();
  builder_.certificates().stage(name, authority_.issue({.dns_names = {"mine"}}).both());
  builder_.certificates().commit(name);
  reloader_->publish_certificates(settings_);
  ASSERT_TRUE(reloader_->reload().accepted());
  const auto& shown = settings_.frontends[1]->identities[0]->certificates().certificates();
  EXPECT_EQ(shown.front()->info().names.front(), "mine");
}

TEST_F(ReloaderTest, RunTimeChangesCountAtOnceAndStayThroughAReload) {
  reloader_->change([](Config& config) {
    config.backends[0].servers[0].weight = 5;
    config.backends[0].servers[1].mode = http::ServerMode::kDrain;
    config.frontends[0].enabled = false;
    config.frontends[0].connection_limit = 77;
  });
  EXPECT_EQ(published_, 1);
  EXPECT_EQ(settings_.backends[0]->servers[0].weight, 5U);
  EXPECT_FALSE(settings_.frontends[0]->enabled);
  write(farm() + "retries = 9\n");
  EXPECT_EQ(told(describe_diff(reloader_->diff())),
            "a reload would make 1 change\n"
            "~ [[backend]] farm retries: 2 -> 9\n"
            "4 run-time changes of which the file does not know ('save config' writes them, "
            "'reload discard' drops them):\n"
            "~ [[frontend]] www enabled: true -> false\n"
            "~ [[frontend]] www limit.connections: 0 -> 77\n"
            "~ [[backend]] farm server 198.18.0.11:80 weight: 1 -> 5\n"
            "~ [[backend]] farm server 198.18.0.12:80 state: \"ready\" -> \"drain\"\n");
  ASSERT_TRUE(reloader_->reload().accepted());
  EXPECT_EQ(settings_.backends[0]->retry.attempts, 9U);
  EXPECT_EQ(settings_.backends[0]->servers[0].weight, 5U);
  EXPECT_EQ(settings_.backends[0]->servers[1].mode, http::ServerMode::kDrain);
  EXPECT_FALSE(settings_.frontends[0]->enabled);
  EXPECT_EQ(settings_.frontends[0]->connection_limit, 77U);
  ASSERT_TRUE(reloader_->reload(Reloader::RunTimeChanges::kDrop).accepted());
  EXPECT_EQ(settings_.backends[0]->servers[0].weight, 1U);
  EXPECT_TRUE(settings_.frontends[0]->enabled);
}

TEST_F(ReloaderTest, WhatTheFileChangesItselfCounts) {
  reloader_->change([](Config& config) { config.backends[0].servers[0].weight = 5; });
  write(farm("\"198.18.0.11:80\"", "{ address = \"198.18.0.11:80\", weight = 7 }"));
  ASSERT_TRUE(reloader_->reload().accepted());
  EXPECT_EQ(settings_.backends[0]->servers[0].weight, 7U);
  EXPECT_TRUE(reloader_->diff().in_memory.empty());
}

TEST_F(ReloaderTest, ServersThatWereAddedAndDeletedStaySo) {
  reloader_->change([](Config& config) {
    auto& servers = config.backends[0].servers;
    servers.erase(servers.begin());
    servers.push_back(servers.front());
    servers.back().name.value = "new";
    servers.back().address.value.port = 81;
  });
  write(farm() + "retries = 9\n");
  ASSERT_TRUE(reloader_->reload().accepted());
  ASSERT_EQ(settings_.backends[0]->servers.size(), 2U);
  EXPECT_EQ(settings_.backends[0]->servers[0].name, "198.18.0.12:80");
  EXPECT_EQ(settings_.backends[0]->servers[1].name, "new");
  write(farm("\"198.18.0.11:80\", ", "\"198.18.0.12:81\", "));
  ASSERT_TRUE(reloader_->reload().accepted()) << "the file has the server by another name";
  EXPECT_EQ(settings_.backends[0]->servers.size(), 2U);
}

TEST_F(ReloaderTest, AChangeThatWouldNotPassAsAFileChangesNothing) {
  try {
    reloader_->change([](Config& config) {
      config.backends[0].servers[0].address.value = *wire::Endpoint::parse("192.0.2.1:80");
    });
    ADD_FAILURE();
  } catch (const std::runtime_error& fault) {
    EXPECT_THAT(fault.what(), HasSubstr("192.0.2.1"));
  }
  EXPECT_EQ(published_, 0);
}

TEST_F(ReloaderTest, SavesRunTimeChangesIntoTheFile) {
  EXPECT_EQ(reloader_->save(Reloader::Saving::kWrite), "");
  reloader_->change([](Config& config) { config.backends[0].servers[0].weight = 5; });
  const std::string difference = reloader_->save(Reloader::Saving::kTry);
  EXPECT_THAT(difference, HasSubstr("\n+server = [{ address = \"198.18.0.11:80\", weight = 5 }, "));
  EXPECT_EQ(reloader_->diff().in_memory.size(), 1U) << "it was only tried";
  EXPECT_EQ(reloader_->save(Reloader::Saving::kWrite), difference);
  const ReloadReport report = reloader_->diff();
  EXPECT_TRUE(report.in_memory.empty());
  EXPECT_TRUE(report.differences.empty());
  EXPECT_EQ(reloader_->save(Reloader::Saving::kWrite), "");
}

TEST_F(ReloaderTest, DoesNotSaveIntoAFileThatSomebodyElseHasChanged) {
  reloader_->change([](Config& config) { config.backends[0].servers[0].weight = 5; });
  write(farm() + "retries = 9\n");
  EXPECT_THROW(reloader_->save(Reloader::Saving::kWrite), std::runtime_error);
  ASSERT_TRUE(reloader_->reload().accepted());
  EXPECT_THAT(reloader_->save(Reloader::Saving::kWrite), HasSubstr("weight = 5"));
}

TEST_F(ReloaderTest, CommandsAnswerWhatCameOfIt) {
  CommandTable commands;
  add_reload_commands(commands, *reloader_);
  const auto run = [&](const std::string& line) {
    return commands.run(split_commands(line).front());
  };
  EXPECT_THAT(run("reload").text, HasSubstr("nothing has changed\n"));
  EXPECT_THAT(run("diff json").text, HasSubstr("\"changes\":[]"));
  write("[sluice");
  EXPECT_TRUE(run("reload").failed);
  EXPECT_TRUE(run("diff").failed);
  EXPECT_TRUE(run("reload now").failed);
  EXPECT_THAT(run("save config").text, HasSubstr("has changed since it was read"));
  write(farm());
  reloader_->change([](Config& config) { config.backends[0].servers[0].weight = 5; });
  EXPECT_THAT(run("save config dry-run").text,
              StartsWith("would be written into " + file_ + ":\n@@"));
  EXPECT_THAT(run("save config").text, StartsWith("written into " + file_ + ":\n@@"));
  EXPECT_EQ(run("save config").text, file_ + " says what runs already\n");
  EXPECT_TRUE(commands.run(split_commands("reload").front(), AdminLevel::kOperator).failed);
  EXPECT_FALSE(commands.run(split_commands("diff").front(), AdminLevel::kOperator).failed);
}

TEST_F(ReloaderTest, TellsWhenItBeginsAndEndsWhateverComesOfIt) {
  std::string told;
  reloader_->observe([&](bool under_way) { told += under_way ? "(" : ")"; });
  (void)reloader_->reload();
  write("nonsense");
  EXPECT_FALSE(reloader_->reload().accepted());
  EXPECT_EQ(told, "()()");
}

}  // namespace
}  // namespace sluice::control
