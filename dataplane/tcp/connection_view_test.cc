// What a look at a connection from outside tells of it.
#include "dataplane/tcp/connection_view.h"

#include <gtest/gtest.h>

#include <string>

#include "dataplane/tcp/testing/pair_fixture.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::PairFixture;

class ConnectionViewTest : public PairFixture {
 protected:
  static ConnectionView only_view(Stack& stack) {
    EXPECT_EQ(stack.connections(), 1U);
    for (std::uint32_t place = 0; place < stack.connection_places(); ++place) {
      const Connection* connection = stack.connection_at(place);
      if (connection != nullptr) return ConnectionInspector::view(*connection);
    }
    ADD_FAILURE() << "there is no connection";
    return {};
  }
  ConnectionView client_view() { return only_view(client_host().stack()); }
  ConnectionView server_view() { return only_view(server_host().stack()); }
};

TEST_F(ConnectionViewTest, TellsWhatAnIdleConnectionIs) {
  start();
  establish();
  run_for(seconds(3));
  const ConnectionView view = client_view();
  EXPECT_EQ(view.state, State::kEstablished);
  EXPECT_EQ(view.flow.remote, server_host().address());
  EXPECT_EQ(view.flow.remote_port, kPort);
  EXPECT_EQ(view.age, seconds(3));
  EXPECT_GE(view.since_heard, milliseconds(2900));
  EXPECT_EQ(view.in_flight, 0U);
  EXPECT_EQ(view.unacknowledged, 0U);
  EXPECT_EQ(view.segment_size, 1448);
  EXPECT_TRUE(view.timestamps);
  EXPECT_TRUE(view.window_scaling);
  EXPECT_TRUE(view.sack);
  EXPECT_EQ(view.congestion_algorithm, CongestionAlgorithm::kCubic);
  EXPECT_EQ(view.congestion_window, 10U * 1448U);
  EXPECT_EQ(view.slow_start_threshold, 0U);
  EXPECT_TRUE(view.measured);
  EXPECT_GE(view.round_trip, milliseconds(10));
  EXPECT_LT(view.round_trip, milliseconds(12));
  EXPECT_EQ(view.pipe, 0U);
  EXPECT_EQ(view.retransmits_in, ConnectionView::kNoDeadline);
  EXPECT_GT(view.keep_alive_in, seconds(110));
  EXPECT_LE(view.keep_alive_in, seconds(120));
}

TEST_F(ConnectionViewTest, WindowsOfBothSidesAgree) {
  start();
  establish();
  run_for(seconds(1));
  EXPECT_EQ(client_view().send_window, server_view().receive_window);
  EXPECT_EQ(server_view().send_window, client_view().receive_window);
  EXPECT_EQ(client_view().send_shift, server_view().receive_shift);
}

TEST_F(ConnectionViewTest, TellsWhatIsNotAcknowledgedAndWhenItIsSentAgain) {
  start();
  establish();
  run_for(seconds(1));
  lose = [](bool from_server, const Segment&) { return !from_server; };
  client_.say(std::string(5000, 'x'), client_host().pool());
  run_for(milliseconds(10));
  ConnectionView view = client_view();
  EXPECT_EQ(view.unacknowledged, 5000U);
  EXPECT_EQ(view.in_flight, 5000U);
  EXPECT_GT(view.retransmits_in, milliseconds(0));
  EXPECT_LE(view.retransmits_in, view.retransmission_timeout);
  EXPECT_EQ(view.retransmits, 0U);
  EXPECT_EQ(view.backoff, 0);
  run_for(seconds(1));
  view = client_view();
  EXPECT_GE(view.retransmits, 1U);
  EXPECT_GE(view.backoff, 1);
}

TEST_F(ConnectionViewTest, TellsWhatWaitsBehindAHole) {
  start();
  establish();
  run_for(seconds(1));
  bool lost = false;
  lose = [&lost](bool from_server, const Segment& segment) {
    if (from_server || segment.payload.empty()) return false;
    return !std::exchange(lost, true);
  };
  client_.say(std::string(1448 * 2 + 100, 'x'), client_host().pool());
  run_for(milliseconds(7));
  EXPECT_EQ(server_view().out_of_order, 1548U);
  EXPECT_GE(server_view().out_of_order_runs, 1U);
  ASSERT_TRUE(eventually([this] { return server().received.size() == 1448 * 2 + 100; }));
  EXPECT_EQ(server_view().out_of_order, 0U);
}

TEST_F(ConnectionViewTest, TellsWhatTravelledBothWays) {
  start();
  establish();
  client_.say(std::string(20'000, 'x'), client_host().pool());
  run_for(seconds(1));
  server().say("an answer", server_host().pool());
  run_for(seconds(1));
  const ConnectionView view = client_view();
  EXPECT_EQ(view.sent, 20'000U);
  EXPECT_EQ(view.acknowledged, 20'000U);
  EXPECT_EQ(view.received, 9U);
  EXPECT_EQ(server_view().received, view.sent);
  EXPECT_EQ(server_view().sent, view.received);
}

// A FIN takes a sequence number and is no byte.
TEST_F(ConnectionViewTest, AnUnacknowledgedFinIsNoByteSent) {
  start();
  establish();
  client_.say("last words", client_host().pool());
  client_.stream->finish();
  run_for(milliseconds(1));
  EXPECT_EQ(client_view().in_flight, 11U);
  EXPECT_EQ(client_view().sent, 10U);
  EXPECT_EQ(client_view().acknowledged, 0U);
}

TEST_F(ConnectionViewTest, TellsHowALossIsRepaired) {
  start();
  establish();
  run_for(seconds(1));
  int data = 0;
  lose = [&data](bool from_server, const Segment& segment) {
    if (from_server || segment.payload.empty()) return false;
    ++data;
    return data == 1 || data > 10;  // the first, and all that is sent again
  };
  client_.say(std::string(std::size_t{1448} * 10, 'x'), client_host().pool());
  run_for(milliseconds(20));
  const ConnectionView view = client_view();
  EXPECT_EQ(view.recovery, Recovery::Phase::kFastRecovery);
  EXPECT_EQ(view.loss_detection, "rack-tlp");
  EXPECT_TRUE(view.sack);
  EXPECT_EQ(view.in_flight, 10U * 1448U);
  EXPECT_EQ(view.sacked, 9U * 1448U);
  EXPECT_EQ(view.resent, 1448U);
  EXPECT_EQ(view.pipe + view.lost, 1448U);
  EXPECT_EQ(view.retransmits, 1U);
  EXPECT_GT(view.slow_start_threshold, 0U);
  EXPECT_LT(view.congestion_window, 10U * 1448U);
  EXPECT_EQ(view.sent, 10U * 1448U);
  EXPECT_EQ(view.acknowledged, 0U);
}

TEST_F(ConnectionViewTest, TellsWhenATimeoutIsRepaired) {
  start();
  establish();
  run_for(seconds(1));
  lose = [](bool from_server, const Segment&) { return !from_server; };
  client_.say("nobody hears this", client_host().pool());
  run_for(seconds(2));
  EXPECT_EQ(client_view().recovery, Recovery::Phase::kRepair);
}

TEST_F(ConnectionViewTest, TellsWhenATailLossProbeIsDue) {
  start();
  establish();
  run_for(seconds(1));
  lose = [](bool from_server, const Segment&) { return !from_server; };
  client_.say(std::string(5000, 'x'), client_host().pool());
  run_for(milliseconds(5));
  EXPECT_GT(client_view().recovers_in, milliseconds(0));
  EXPECT_LT(client_view().recovers_in, client_view().retransmits_in);
}

TEST_F(ConnectionViewTest, NamesWhatIsConfigured) {
  start({.sack = false, .congestion_control = CongestionAlgorithm::kNewReno});
  establish();
  EXPECT_EQ(client_view().congestion_algorithm, CongestionAlgorithm::kNewReno);
  EXPECT_EQ(client_view().loss_detection, "duplicate-acks");
  EXPECT_FALSE(client_view().sack);
  EXPECT_EQ(client_view().recovery, Recovery::Phase::kOpen);
}

TEST_F(ConnectionViewTest, TellsWhatTheLayerAboveHasNotUsed) {
  start();
  acceptor_.prepare = [](testing::Probe& probe) { probe.consume_at_once = false; };
  establish();
  client_.say("not read", client_host().pool());
  run_for(seconds(1));
  EXPECT_EQ(server_view().unconsumed, 8U);
}

TEST_F(ConnectionViewTest, AnEndedConnectionLeavesItsPlace) {
  start();
  establish();
  client_.stream->abort();
  client_.stream = nullptr;
  run_for(seconds(1));
  EXPECT_EQ(client_host().stack().connection_places(), 1U);
  EXPECT_EQ(client_host().stack().connection_at(0), nullptr);
  EXPECT_EQ(client_host().stack().connection_at(1), nullptr);
}

}  // namespace
}  // namespace sluice::tcp
