#include "http/head_syntax.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::http {
namespace {

// Long enough for several vectors, so that every position within one is tried.
std::string head() {
  return "GET /" + std::string(70, 'p') +
         " HTTP/1.1\r\nHost: www.example\r\nX-Field: " + std::string(90, 'v') +
         "\r\nTab:\tvalue \xc3\xa9\r\n\r\n";
}

TEST(HeadOctets, OfAGoodHeadPass) {
  EXPECT_EQ(check_octets(head()), HeadError::kNone);
}

// RFC 9110 section 5.5: no controls but HTAB.
TEST(HeadOctets, RefusesControlsAnywhere) {
  const std::string good = head();
  for (int control = 0; control < 0x20; ++control) {
    if (control == '\t' || control == '\r' || control == '\n') continue;
    for (std::size_t at = 0; at <= good.size(); ++at) {
      std::string bad = good;
      bad.insert(at, 1, static_cast<char>(control));
      ASSERT_NE(check_octets(bad), HeadError::kNone) << control << " at " << at;
    }
  }
  std::string bad = good;
  bad.insert(30, 1, '\x7f');
  EXPECT_EQ(check_octets(bad), HeadError::kBadOctet);
}

// RFC 9112 section 2.2: a bare CR is refused, and so is a bare LF here.
TEST(HeadOctets, RefusesBareCrAndBareLfAnywhere) {
  const std::string good = head();
  for (std::size_t at = 0; at <= good.size(); ++at) {
    for (const char end : {'\r', '\n'}) {
      std::string bad = good;
      bad.insert(at, 1, end);
      ASSERT_NE(check_octets(bad), HeadError::kNone) << int{end} << " at " << at;
    }
  }
  EXPECT_EQ(check_octets("GET / HTTP/1.1\nHost: a\r\n\r\n"), HeadError::kBareLineEnd);
  EXPECT_EQ(check_octets("\n"), HeadError::kBareLineEnd);
  EXPECT_EQ(check_octets("a\r"), HeadError::kBareLineEnd);
}

// RFC 9112 section 5.2.
TEST(HeadOctets, RefusesFoldedLines) {
  EXPECT_EQ(check_octets("GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"), HeadError::kFolded);
  EXPECT_EQ(check_octets("GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n"), HeadError::kFolded);
  EXPECT_EQ(check_octets("GET / HTTP/1.1\r\n A: b\r\n\r\n"), HeadError::kFolded);
}

TEST(LineWalk, AgreesOnlyWithTheLinesAsTheyStand) {
  const std::string lines = "A: one \r\nB:\t\r\nC:x\r\n\r\n";
  const std::string_view text = lines;
  std::string_view one = text.substr(3, 4);
  std::string_view none;
  std::string_view x = text.substr(16, 1);
  LineWalk walk(text);
  EXPECT_TRUE(walk.next(text.substr(0, 1), one));
  EXPECT_EQ(one, "one");
  EXPECT_TRUE(walk.next(text.substr(9, 1), none));
  EXPECT_FALSE(walk.at_end());
  EXPECT_TRUE(walk.next(text.substr(14, 1), x));
  EXPECT_TRUE(walk.at_end());
  LineWalk skipping(text);
  EXPECT_FALSE(skipping.next(text.substr(9, 1), none)) << "a line was left out";
  std::string_view part = text.substr(3, 2);
  LineWalk cut(text);
  EXPECT_FALSE(cut.next(text.substr(0, 1), part)) << "a part of the value";
}

TEST(LineWalk, RefusesSpaceBeforeTheColon) {
  const std::string_view text = "Host : a\r\n\r\n";
  std::string_view value = text.substr(7, 1);
  EXPECT_FALSE(LineWalk(text).next(text.substr(0, 5), value));
  EXPECT_FALSE(LineWalk(text).next(text.substr(0, 4), value));
}

}  // namespace
}  // namespace sluice::http
