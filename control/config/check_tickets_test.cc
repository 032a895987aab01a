#include <gtest/gtest.h>

#include <filesystem>

#include "control/config/checks.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

class TicketKeyCheck : public ::testing::Test {
 protected:
  // What is said about a file of ticket keys; "DIR" stands for its directory.
  std::string check(const std::string& name) {
    Config config;
    config.process.ticket_key_file = {directory_.path() / name, {3, 5}};
    Diagnostics problems;
    check_ticket_keys(config, problems);
    std::string text = problems.format("f");
    const std::string directory = directory_.path().string();
    for (std::size_t at; (at = text.find(directory)) != std::string::npos;) {
      text.replace(at, directory.size(), "DIR");
    }
    return text;
  }

  const std::string key_ = std::string(107, 'A') + "=";
  tls::testing::TemporaryDirectory directory_;
};

TEST_F(TicketKeyCheck, NeedsAFileThatCanBeRead) {
  EXPECT_EQ(check("none"), "f:3:5: DIR/none: No such file or directory\n");
  directory_.write("bad", key_ + "\nhello\n");
  EXPECT_EQ(check("bad").substr(0, 18), "f:3:5: DIR/bad:2: ");
}

TEST_F(TicketKeyCheck, WarnsOfAFileThatEverybodyCanRead) {
  const auto path = directory_.write("keys", key_);
  std::filesystem::permissions(path, std::filesystem::perms{0600});
  EXPECT_EQ(check("keys"), "");
  std::filesystem::permissions(path, std::filesystem::perms{0604});
  EXPECT_EQ(check("keys"),
            "f:3:5: warning: every user of this machine can read the ticket keys in 'DIR/keys', "
            "and so the connections: 'chmod 600' it\n");
}

TEST_F(TicketKeyCheck, IsNotMadeWithoutAFile) {
  Diagnostics problems;
  check_ticket_keys(Config{}, problems);
  EXPECT_TRUE(problems.empty());
}

}  // namespace
}  // namespace sluice::control
