// Protection against segments of an earlier time (RFC 7323 section 5).
#include <gtest/gtest.h>

#include "dataplane/tcp/testing/pair_fixture.h"

namespace sluice::tcp {
namespace {

using std::chrono::seconds;
using testing::PairFixture;

class PawsTest : public PairFixture {
 protected:
  void settle() {
    StackConfig config;
    config.keep_alive = false;
    start(config);
    establish();
    client_.say("hello", client_host().pool());
    ASSERT_TRUE(eventually([this] { return server().received == "hello"; }));
    run_for(seconds(1));
    from_server_ = 0;
  }
};

TEST_F(PawsTest, AnOlderTimestampIsNotTakenAndAcknowledged) {
  settle();
  client_timestamp_ -= 1;
  forge(wire::kAck, 0, 0, " late");
  EXPECT_EQ(server().received, "hello");
  EXPECT_EQ(server_counters().paws_rejected.get(), 1U);
  EXPECT_EQ(from_server_, 1);
}

TEST_F(PawsTest, AnEqualOrLaterTimestampIsTaken) {
  settle();
  forge(wire::kAck, 0, 0, " same");
  client_timestamp_ += 1;
  forge(wire::kAck, 5, 0, " later");
  EXPECT_EQ(server().received, "hello same later");
  EXPECT_EQ(server_counters().paws_rejected.get(), 0U);
}

TEST_F(PawsTest, TimestampsAreComparedAcrossTheirWrap) {
  settle();
  client_timestamp_ += (1U << 31) - 1;
  forge(wire::kAck, 0, 0, " one");
  client_timestamp_ += (1U << 31) - 1;
  forge(wire::kAck, 4, 0, " two");
  EXPECT_EQ(server().received, "hello one two");
}

// Section 4.3: only what is next in order tells the latest timestamp.
TEST_F(PawsTest, ASegmentBehindAHoleDoesNotMoveTheTimestamp) {
  settle();
  const std::uint32_t now = client_timestamp_;
  client_timestamp_ = now + 1000;
  forge(wire::kAck, 2, 0, "cd");
  client_timestamp_ = now;
  forge(wire::kAck, 0, 0, "ab");
  EXPECT_EQ(server().received, "helloabcd");
  EXPECT_EQ(server_counters().paws_rejected.get(), 0U);
}

// Section 5.2: a reset is judged by its sequence number alone.
TEST_F(PawsTest, AnOlderTimestampDoesNotSaveFromAReset) {
  settle();
  client_timestamp_ -= 1;
  forge(wire::kRst, 0);
  EXPECT_EQ(server().failure, StreamError::kReset);
}

}  // namespace
}  // namespace sluice::tcp
