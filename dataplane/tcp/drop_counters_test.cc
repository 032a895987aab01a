// What is dropped is counted, each kind by a counter of its own.
#include <gtest/gtest.h>

#include "dataplane/tcp/testing/pair_fixture.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::PairFixture;
using testing::Probe;

class DropCountersTest : public PairFixture {
 protected:
  void inject(std::uint16_t from_port, std::uint32_t sequence, std::uint8_t flags) {
    simulation_->inject(client_host(), server_host(),
                        {from_port, kPort, sequence, server_next_.value(), flags, 1000});
    run_for(milliseconds(2));
  }
};

TEST_F(DropCountersTest, ResetsOfNoConnectionAndOutsideTheWindow) {
  start();
  inject(999, 1, wire::kRst);
  EXPECT_EQ(server_counters().resets_unexpected.get(), 1U);
  establish();
  forge(wire::kRst, 1 << 24);
  EXPECT_EQ(server_counters().resets_unexpected.get(), 2U);
  EXPECT_EQ(server_counters().resets_received.get(), 0U);
  EXPECT_EQ(server_host().stack().connections(), 1U);
}

TEST_F(DropCountersTest, SegmentsWithoutTheTimestampsAgreedOn) {
  start();
  establish();
  run_for(seconds(1));
  inject(client_.stream->local().port, client_next_.value(), wire::kAck);
  EXPECT_EQ(server_counters().timestamp_missing.get(), 1U);
}

TEST_F(DropCountersTest, SegmentsWithoutAnAcknowledgment) {
  start();
  inject(999, 41, wire::kSyn);
  inject(999, 42, 0);
  EXPECT_EQ(server_counters().acknowledgment_missing.get(), 1U);
  establish();
  run_for(seconds(1));
  forge(0, 0, 0, "data");
  EXPECT_EQ(server_counters().acknowledgment_missing.get(), 2U);
  EXPECT_TRUE(server().received.empty());
}

TEST_F(DropCountersTest, AHandshakeThatItsClientResets) {
  start();
  inject(999, 41, wire::kSyn);
  EXPECT_EQ(server_host().stack().half_open(), 1U);
  inject(999, 40, wire::kRst);
  EXPECT_EQ(server_counters().resets_unexpected.get(), 1U) << "it is outside of the window";
  inject(999, 42, wire::kRst);
  EXPECT_EQ(server_counters().half_open_reset.get(), 1U);
  EXPECT_EQ(server_host().stack().half_open(), 0U);
}

TEST_F(DropCountersTest, ConnectionsThereIsNoRoomFor) {
  StackConfig config;
  config.max_connections = 1;
  start(config);
  establish();
  Probe second;
  EXPECT_EQ(client_host().stack().connect(server_endpoint(), second), nullptr);
  EXPECT_EQ(client_counters().connects_full.get(), 1U);
}

TEST_F(DropCountersTest, ConnectionsThereIsNoPortFor) {
  StackConfig config;
  config.first_local_port = config.last_local_port = 20000;
  start(config);
  establish();
  Probe second;
  EXPECT_EQ(client_host().stack().connect(server_endpoint(), second), nullptr);
  EXPECT_EQ(client_counters().connects_no_port.get(), 1U);
}

TEST_F(DropCountersTest, ConnectionsWhosePeersEndNeverComes) {
  start();
  establish();
  client_.close();
  run_for(seconds(1));
  EXPECT_EQ(client_counters().connections_orphaned.get(), 0U);
  EXPECT_EQ(client_counters().awaiting_fin.get(), 1U);
  run_for(minutes(2));
  EXPECT_EQ(client_counters().connections_orphaned.get(), 1U);
  EXPECT_EQ(client_counters().awaiting_fin.get(), 0U);
  EXPECT_EQ(client_host().stack().connections(), 0U);
}

TEST_F(DropCountersTest, ConnectionsThatTheirPeerEndsAwaitNoFin) {
  start();
  establish();
  client_.close();
  run_for(milliseconds(100));
  EXPECT_EQ(client_counters().awaiting_fin.get(), 1U);
  server().close();
  run_for(milliseconds(100));
  EXPECT_EQ(client_counters().awaiting_fin.get(), 0U);
  EXPECT_EQ(client_host().stack().connections(), 0U);
}

}  // namespace
}  // namespace sluice::tcp
