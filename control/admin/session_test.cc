#include "control/admin/session.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

class AdminSessionTest : public ::testing::Test {
 protected:
  AdminSessionTest() {
    commands_.add("show echo [<word>]...", "says what it was told", [](auto arguments) {
      Answer answer;
      for (const std::string& word : arguments) answer.text += word + "\n";
      return answer;
    });
    commands_.add("fail", "refuses", [](auto) { return refusal("no"); });
    describe_session_commands(commands_);
  }

  // What the client sees; it takes `step` bytes at a time.
  static std::string drain(AdminSession& session, std::size_t step = 1000) {
    std::string seen;
    while (!session.output().empty()) {
      const std::string part(session.output().substr(0, step));
      seen += part;
      session.sent(part.size());
    }
    return seen;
  }

  // An answer that says each of its pieces when it is asked often enough.
  class Counting final : public LongAnswer {
   public:
    explicit Counting(bool raw) : raw_(raw) {}
    bool advance(Answer& piece) override {
      if (stopped_) piece.text = "stopped\n";
      if (stopped_) return true;
      if (++asked_ % 2 == 0) piece.text = std::to_string(asked_) + "\n";
      return asked_ == 4;
    }
    [[nodiscard]] bool ends_conversation() const override { return raw_; }
    void stop() override { stopped_ = true; }

   private:
    int asked_ = 0;
    bool raw_;
    bool stopped_ = false;
  };

  static Answer counting(bool raw) {
    Answer answer{"begun\n"};
    answer.rest = std::make_unique<Counting>(raw);
    return answer;
  }

  CommandTable commands_;
};

TEST_F(AdminSessionTest, APayloadIsTheLastArgument) {
  AdminSession session(commands_);
  session.receive("prompt\n");
  drain(session);
  session.receive("show echo a;show echo b <<\none\n");
  EXPECT_EQ(drain(session), "") << "an empty line is waited for";
  session.receive("two; fail\n");
  session.receive("\nshow echo c\n");
  EXPECT_EQ(drain(session), "a\n\n> b\none\ntwo; fail\n\n\n> c\n\n> ");
}

TEST_F(AdminSessionTest, APayloadEndsWithTheInputToo) {
  AdminSession session(commands_);
  session.receive("show echo <<\r\none\r\n");
  session.end_of_input();
  EXPECT_EQ(drain(session), "one\r\n\n\n");
  EXPECT_TRUE(session.finished());
}

TEST_F(AdminSessionTest, AnEmptyPayloadIsOne) {
  AdminSession session(commands_);
  session.receive("show echo a <<\n\n");
  EXPECT_EQ(drain(session), "a\n\n\n");
}

TEST_F(AdminSessionTest, APayloadWithoutEndIsRefused) {
  AdminSession session(commands_);
  session.receive("show echo <<\n");
  const std::string line(1000, 'x');
  std::size_t sent = 0;
  while (session.wants_input() && sent < 2 * AdminSession::kLongestPayload) {
    session.receive(line + "\n");
    sent += line.size() + 1;
  }
  EXPECT_LE(sent, AdminSession::kLongestPayload + 2 * line.size());
  EXPECT_EQ(drain(session), "the payload is too long\n\n");
  EXPECT_TRUE(session.finished());
}

TEST_F(AdminSessionTest, AnswersALineAndEnds) {
  AdminSession session(commands_);
  session.receive("show echo a b\n");
  EXPECT_FALSE(session.finished());
  EXPECT_EQ(drain(session), "a\nb\n\n");
  EXPECT_TRUE(session.finished());
}

TEST_F(AdminSessionTest, GivesALongAnswerPieceByPiece) {
  commands_.add("long", "", [](auto) { return counting(false); });
  AdminSession session(commands_);
  session.receive("long;show echo a\n");
  EXPECT_FALSE(session.waits());
  EXPECT_EQ(drain(session), "begun\n");
  EXPECT_TRUE(session.waits());
  EXPECT_FALSE(session.wants_input());
  EXPECT_FALSE(session.finished());
  session.go_on();
  EXPECT_FALSE(session.waits()) << "the client has a piece to take";
  EXPECT_EQ(drain(session), "2\n");
  EXPECT_TRUE(session.waits());
  session.go_on();
  EXPECT_EQ(drain(session), "4\n\na\n\n");
  EXPECT_TRUE(session.finished());
}

TEST_F(AdminSessionTest, AnAnswerOfBytesEndsTheConversation) {
  commands_.add("raw", "", [](auto) { return counting(true); });
  AdminSession session(commands_);
  session.receive("prompt;raw;show echo a\n");
  std::string seen;
  for (int i = 0; i < 10; ++i) {
    seen += drain(session);
    if (session.waits()) session.go_on();
  }
  EXPECT_EQ(seen, "\n> begun\n2\n4\n");
  EXPECT_TRUE(session.finished());
}

TEST_F(AdminSessionTest, AnyInputStopsAnAnswerOfBytes) {
  commands_.add("raw", "", [](auto) { return counting(true); });
  AdminSession session(commands_);
  session.receive("raw\n");
  EXPECT_EQ(drain(session), "begun\n");
  EXPECT_TRUE(session.wants_input());
  session.receive("stop\n");
  EXPECT_FALSE(session.wants_input());
  session.go_on();
  EXPECT_EQ(drain(session), "stopped\n");
  EXPECT_TRUE(session.finished());
}

// As `echo capture | socat` does at once.
TEST_F(AdminSessionTest, TheEndOfInputDoesNotStopAnAnswerOfBytes) {
  commands_.add("raw", "", [](auto) { return counting(true); });
  AdminSession session(commands_);
  session.receive("raw\n");
  EXPECT_EQ(drain(session), "begun\n");
  session.end_of_input();
  EXPECT_FALSE(session.wants_input());
  for (int i = 0; i < 10 && session.waits(); ++i) session.go_on();
  EXPECT_EQ(drain(session), "2\n");
  for (int i = 0; i < 10 && session.waits(); ++i) session.go_on();
  EXPECT_EQ(drain(session), "4\n");
  EXPECT_TRUE(session.finished());
}

TEST_F(AdminSessionTest, SeparatesCommandsBySemicolonsAndLines) {
  AdminSession session(commands_);
  session.receive("show echo a;show echo b; ;\nshow echo c\n");
  EXPECT_EQ(drain(session, 1), "a\n\nb\n\nc\n\n");
  EXPECT_TRUE(session.finished());
}

TEST_F(AdminSessionTest, WaitsForTheLineToEnd) {
  AdminSession session(commands_);
  for (const char c : std::string("show echo x")) {
    session.receive(std::string_view(&c, 1));
    EXPECT_TRUE(session.output().empty());
    EXPECT_TRUE(session.wants_input());
  }
  session.end_of_input();
  EXPECT_EQ(drain(session), "x\n\n");
  EXPECT_TRUE(session.finished());
}

TEST_F(AdminSessionTest, PromptKeepsTheConversation) {
  AdminSession session(commands_);
  session.receive("prompt\n");
  EXPECT_EQ(drain(session), "\n> ");
  session.receive("show echo a\n");
  EXPECT_EQ(drain(session), "a\n\n> ");
  session.receive("\n");
  EXPECT_EQ(drain(session), "\n> ");
  EXPECT_FALSE(session.finished());
  session.receive("show echo b;quit;show echo c\n");
  EXPECT_EQ(drain(session), "b\n\n> ");
  EXPECT_TRUE(session.finished());
}

TEST_F(AdminSessionTest, EndsSilentlyWithoutACommand) {
  AdminSession session(commands_);
  session.end_of_input();
  EXPECT_TRUE(session.finished());
  AdminSession empty(commands_);
  empty.receive("\r\n");
  EXPECT_TRUE(empty.finished());
}

TEST_F(AdminSessionTest, RunsNoCommandBeforeTheAnswerIsTaken) {
  int runs = 0;
  commands_.add("count", "counts", [&runs](auto) { return Answer{std::to_string(++runs) + "\n"}; });
  AdminSession session(commands_);
  session.receive("count;count;count\n");
  EXPECT_EQ(runs, 1);
  EXPECT_FALSE(session.wants_input());
  session.sent(session.output().size());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(drain(session), "2\n\n3\n\n");
}

TEST_F(AdminSessionTest, RefusesAnEndlessLine) {
  AdminSession session(commands_);
  std::size_t given = 0;
  while (session.wants_input()) {
    session.receive(std::string(1000, 'x'));
    given += 1000;
    ASSERT_LT(given, 100000U);
  }
  EXPECT_EQ(drain(session), "the line is too long\n\n");
  EXPECT_TRUE(session.finished());
}

TEST_F(AdminSessionTest, SetsTheTimeoutOfTheConversation) {
  AdminSession session(commands_);
  session.receive("prompt\nset timeout cli 60\n");
  EXPECT_EQ(drain(session), "\n> \n> ");
  EXPECT_EQ(session.timeout(), std::chrono::seconds(60));
  session.receive("set timeout cli 0\n");
  EXPECT_NE(drain(session).find("1 to 3600"), std::string::npos);
  session.receive("set timeout cli 99999999999\n");
  EXPECT_NE(drain(session).find("1 to 3600"), std::string::npos);
  EXPECT_EQ(session.timeout(), std::chrono::seconds(60));
}

TEST_F(AdminSessionTest, MarksRefusalsWhenAsked) {
  AdminSession session(commands_);
  session.receive("set severity-output number;fail;show echo ok\n");
  EXPECT_EQ(drain(session), "\n[3]:no\n\nok\n\n");
}

TEST_F(AdminSessionTest, SuggestsTheNearestCommand) {
  AdminSession session(commands_);
  session.receive("shwo echo\n");
  EXPECT_EQ(drain(session),
            "unknown command 'shwo echo'; did you mean 'show echo'? ('help' lists them all)\n\n");
}

TEST_F(AdminSessionTest, HelpListsWhatBeginsWithTheWords) {
  AdminSession session(commands_);
  session.receive("help show echo;help\n");
  const std::string seen = drain(session);
  EXPECT_TRUE(seen.starts_with("  show echo [<word>]... : says what it was told\n\n")) << seen;
  EXPECT_NE(seen.find("prompt"), std::string::npos);
}

TEST_F(AdminSessionTest, ALevelCanOnlySink) {
  commands_.add(
      "poweroff", "ends it", [](auto) { return Answer{"off\n"}; }, AdminLevel::kAdmin);
  AdminSession session(commands_, AdminLevel::kAdmin);
  session.receive("show cli level;poweroff;operator;show cli level;poweroff;user;operator\n");
  EXPECT_EQ(drain(session),
            "admin\n\noff\n\n\noperator\n\n"
            "Permission denied: 'poweroff' needs level admin, this is operator\n\n\n"
            "Permission denied: this is user, and a level can only sink\n\n");
}

TEST(SplitCommands, TakesEscapedCharactersAsTheyAre) {
  const auto commands = split_commands(R"(a\;b c\ d\\;e\)");
  ASSERT_EQ(commands.size(), 2U);
  EXPECT_EQ(commands[0], (std::vector<std::string>{"a;b", "c d\\"}));
  EXPECT_EQ(commands[1], (std::vector<std::string>{"e\\"}));
}

}  // namespace
}  // namespace sluice::control
