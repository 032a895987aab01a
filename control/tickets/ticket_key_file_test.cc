#include "control/tickets/ticket_key_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "tls/server/ticket_key_schedule.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

namespace fs = std::filesystem;

// A key of 80 bytes whose name begins with this number below 64.
std::string line(unsigned number) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return std::string(1, kDigits[number]) + std::string(106, 'A') + "=";
}

class TicketKeyFileTest : public ::testing::Test {
 protected:
  // The names of the keys, by their first byte; or what is wrong, without the directory.
  std::string read(const std::string& text) {
    const fs::path path = directory_.write("keys", text);
    try {
      std::string names;
      for (const auto& key : read_ticket_keys(path).keys) names += key->name_text().substr(0, 2);
      return names;
    } catch (const std::runtime_error& fault) {
      const std::string message = fault.what();
      const std::string begin = directory_.path().string() + "/";
      EXPECT_EQ(message.substr(0, begin.size()), begin);
      return message.substr(begin.size(), message.find(", on a line") - begin.size());
    }
  }

  tls::testing::TemporaryDirectory directory_;
};

TEST_F(TicketKeyFileTest, KeysKeepTheirOrder) {
  EXPECT_EQ(read(line(2) + "\n" + line(1) + "\n" + line(3) + "\n"), "08040c");
  EXPECT_EQ(read(line(1)), "04");
}

TEST_F(TicketKeyFileTest, BlankLinesAndCommentsArePassedOver) {
  EXPECT_EQ(read("# Monday's\n\n  " + line(1) + " \r\n\n#" + line(2) + "\n\t\n" + line(3)), "040c");
}

TEST_F(TicketKeyFileTest, AFaultIsShownOnItsLine) {
  EXPECT_EQ(read(line(1) + "\n\nhello\n"), "keys:3: this is no key of 80 (or 48) bytes in base64");
  EXPECT_EQ(read(line(1) + " " + line(2)), "keys:1: this is no key of 80 (or 48) bytes in base64");
}

// Its first line is one of 48 bytes.
TEST_F(TicketKeyFileTest, AKeyOnTwoLinesIsNotTakenForAShortOne) {
  const std::string key = line(1);
  EXPECT_EQ(read(key.substr(0, 64) + "\n" + key.substr(64) + "\n"),
            "keys:2: this is no key of 80 (or 48) bytes in base64");
}

TEST_F(TicketKeyFileTest, NamesMustDiffer) {
  EXPECT_EQ(read(line(1) + "\n" + line(2) + "\n" + line(1) + "\n"),
            "keys:3: the key has the name of that on line 1");
}

TEST_F(TicketKeyFileTest, WithoutKeysItIsRefused) {
  EXPECT_EQ(read(""), "keys: no key in it");
  EXPECT_EQ(read("# none\n\n"), "keys: no key in it");
}

TEST_F(TicketKeyFileTest, TooManyKeysAreRefused) {
  std::string text;
  for (unsigned number = 0; number < tls::TicketKeySchedule::kMostKeys; ++number) {
    text += line(number) + "\n";
  }
  EXPECT_EQ(read(text).size(), 2 * tls::TicketKeySchedule::kMostKeys);
  const std::string other = "AAAAAAAA" + line(1).substr(8);
  EXPECT_EQ(read(text + "AAB" + other.substr(3)), "keys:65: there are more than 64 keys");
}

TEST_F(TicketKeyFileTest, TheBinaryFormIsRecognised) {
  for (const std::size_t size : {tls::TicketKey::kSize, tls::TicketKey::kShortSize}) {
    EXPECT_EQ(read(std::string(size, '\x81')),
              "keys: this looks like one key in nginx's binary form: 'openssl base64 -A' makes a "
              "line of it");
  }
}

TEST_F(TicketKeyFileTest, WhatCannotBeReadIsNamed) {
  EXPECT_THROW((void)read_ticket_keys(directory_.path() / "none"), std::runtime_error);
  EXPECT_THROW((void)read_ticket_keys(directory_.path()), std::runtime_error);
  EXPECT_EQ(read(std::string(70000, '#')), "keys: too large for a file of ticket keys");
}

TEST_F(TicketKeyFileTest, TellsWhetherEverybodyCanReadIt) {
  const fs::path path = directory_.write("keys", line(1));
  fs::permissions(path, fs::perms{0640});
  EXPECT_FALSE(read_ticket_keys(path).open_to_all);
  fs::permissions(path, fs::perms{0644});
  EXPECT_TRUE(read_ticket_keys(path).open_to_all);
}

}  // namespace
}  // namespace sluice::control
