#include "control/tickets/ticket_commands.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

// A key of 80 bytes; every character makes another name.
std::string key(char first) {
  return std::string(1, first) + std::string(106, 'A') + "=";
}

class TicketCommands : public ::testing::Test {
 protected:
  void start(const std::string& file_text) {
    ProcessConfig config;
    if (!file_text.empty()) config.ticket_key_file.value = directory_.write("keys", file_text);
    tickets_.emplace(config, std::chrono::steady_clock::now());
    add_ticket_commands(commands_, *tickets_,
                        [this](auto replaced) { retired_.push_back(std::move(replaced)); });
  }
  Answer run(const std::string& line) { return commands_.run(split_commands(line).front()); }
  std::string ask(const std::string& line) {
    const Answer answer = run(line);
    EXPECT_FALSE(answer.failed) << answer.text;
    return answer.text;
  }
  std::string refused(const std::string& line) {
    const Answer answer = run(line);
    EXPECT_TRUE(answer.failed) << answer.text;
    return answer.text;
  }
  // The first byte of each key's name, and its use.
  std::vector<std::pair<std::string, std::string>> uses() {
    std::vector<std::pair<std::string, std::string>> uses;
    for (const auto& row : nlohmann::json::parse(ask("show tls-keys * json"))) {
      uses.emplace_back(std::string(row["name"]).substr(0, 2), row["use"]);
    }
    return uses;
  }
  [[nodiscard]] std::string file() const { return (directory_.path() / "keys").string(); }

  using Uses = std::vector<std::pair<std::string, std::string>>;

  tls::testing::TemporaryDirectory directory_;
  std::optional<TicketKeeper> tickets_;
  std::vector<std::shared_ptr<const void>> retired_;
  CommandTable commands_;
};

TEST_F(TicketCommands, ListWhereTheKeysAreFrom) {
  start(key('B') + "\n");
  EXPECT_EQ(ask("show tls-keys"), "# id (file)\n0 (" + file() + ")\n");
  EXPECT_EQ(nlohmann::json::parse(ask("show tls-keys json"))[0]["file"], file());
}

TEST_F(TicketCommands, ShowTheKeysOfAFile) {
  start(key('B') + "\n" + key('C') + "\n");
  EXPECT_EQ(uses(), (Uses{{"04", "issues"}, {"08", "accepted"}}));
  for (const std::string& id : {std::string("0"), std::string("#0"), file(), std::string("*")}) {
    const std::string text = ask("show tls-keys " + id);
    EXPECT_NE(text.find("unlimited"), std::string::npos) << text;
    EXPECT_EQ(text.find("AAAA"), std::string::npos) << "a secret: " << text;
  }
}

TEST_F(TicketCommands, ShowHowLongAKeyMadeHereIsAccepted) {
  start("");
  EXPECT_EQ(ask("show tls-keys"), "# id (file)\n0 (made by Sluice)\n");
  const auto rows = nlohmann::json::parse(ask("show tls-keys * json"));
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0]["id"], "0.0");
  EXPECT_EQ(rows[0]["use"], "issues");
  const auto begin = std::chrono::steady_clock::now();
  (void)tickets_->tend(begin + 12h);
  EXPECT_EQ(uses().size(), 2U);
}

TEST_F(TicketCommands, ASetKeyIssuesWhenTheNextIsSet) {
  start(key('B') + "\n" + key('C') + "\n");
  EXPECT_NE(ask("set ssl tls-key #0 " + key('D')).find("TLS ticket key updated!"),
            std::string::npos);
  EXPECT_EQ(uses(), (Uses{{"0c", "issues next"}, {"04", "issues"}, {"08", "accepted"}}));
  ask("set ssl tls-key " + file() + " " + key('E'));
  EXPECT_EQ(
      uses(),
      (Uses{{"10", "issues next"}, {"0c", "issues"}, {"04", "accepted"}, {"08", "accepted"}}));
  EXPECT_EQ(retired_.size(), 2U);
  EXPECT_EQ(tickets_->keys().ring().issuing().key->name()[0], 0x0c);
}

TEST_F(TicketCommands, ASetKeyReplacesThoseMadeHereAtOnce) {
  start("");
  EXPECT_NE(ask("set ssl tls-key 0 " + key('D')).find("no more keys"), std::string::npos);
  EXPECT_EQ(uses().front(), std::pair(std::string("0c"), std::string("issues")));
  EXPECT_EQ(uses().size(), 2U);
  EXPECT_EQ(tickets_->tend(std::chrono::steady_clock::now() + 13h), nullptr);
}

TEST_F(TicketCommands, RefuseWhatIsNoKeyOrNoId) {
  start(key('B') + "\n");
  EXPECT_NE(refused("set ssl tls-key 0 hello").find("base64"), std::string::npos);
  EXPECT_NE(refused("set ssl tls-key 1 " + key('D')).find("no keys '1'"), std::string::npos);
  EXPECT_NE(refused("set ssl tls-key 0 " + key('B')).find("already"), std::string::npos);
  EXPECT_NE(refused("set ssl tls-key 0").find("<id> <key>"), std::string::npos);
  EXPECT_NE(refused("show tls-keys 7").find("no keys '7'"), std::string::npos);
  EXPECT_NE(refused("show tls-keys 0 0").find("arguments"), std::string::npos);
  EXPECT_EQ(uses(), (Uses{{"04", "issues"}}));
}

}  // namespace
}  // namespace sluice::control
