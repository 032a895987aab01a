// What TCP does while the port that its segments leave by has no room.
#include "dataplane/tcp/testing/pair_fixture.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::PairFixture;
using testing::sample_text;

class PortRoomTest : public PairFixture {};

TEST_F(PortRoomTest, DataWaitsForRoomAndGoesOn) {
  start();
  establish();
  client_host().room = false;
  client_.say(sample_text(5000), client_host().pool());
  const int before = from_client_;
  run_for(milliseconds(100));
  EXPECT_EQ(from_client_, before);
  EXPECT_TRUE(server().received.empty());
  EXPECT_GT(client_counters().port_waits.get(), 0U);
  client_host().room = true;
  EXPECT_TRUE(eventually([&] { return server().received.size() == 5000; }, milliseconds(100)));
  EXPECT_EQ(client_counters().retransmitted_segments.get(), 0U);
}

TEST_F(PortRoomTest, AcknowledgmentsDoNotWait) {
  start();
  establish();
  client_host().room = false;
  client_.say(sample_text(5000), client_host().pool());
  server().say(sample_text(20'000), server_host().pool());
  EXPECT_TRUE(eventually([&] { return client_.received.size() == 20'000; }, milliseconds(200)));
  EXPECT_TRUE(
      eventually([&] { return server().stream->unacknowledged() == 0; }, milliseconds(200)));
  EXPECT_EQ(server_counters().retransmission_timeouts.get(), 0U);
}

TEST_F(PortRoomTest, AConnectionBehindADeadPortIsGivenUp) {
  start({.give_up_after = seconds(20)});
  establish();
  client_host().room = false;
  lose = [](bool from_server, const Segment&) { return !from_server; };
  client_.say(sample_text(5000), client_host().pool());
  EXPECT_TRUE(eventually([&] { return client_.failure.has_value(); }, seconds(60)));
}

}  // namespace
}  // namespace sluice::tcp
