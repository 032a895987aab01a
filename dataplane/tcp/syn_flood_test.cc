// SYNs by the thousand whose senders never answer: what is kept of them is bounded, and whoever
// does answer is served as ever (RFC 4987).
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "dataplane/tcp/testing/simulation.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::Family;
using testing::Probe;
using testing::ProbeAcceptor;
using testing::sample_text;
using testing::SimulatedHost;
using testing::Simulation;

constexpr std::uint16_t kPort = 80;
constexpr std::uint32_t kMostHalfOpen = 64;
// Ports below this are the attacker's; nothing that is sent there arrives.
constexpr std::uint16_t kFirstHonestPort = 16384;

class SynFloodTest : public ::testing::TestWithParam<Family> {
 protected:
  void start(SynCookieUse use) {
    StackConfig config;
    config.max_half_open = kMostHalfOpen;
    config.syn_cookies = use;
    simulation_ = std::make_unique<Simulation>(1, config, GetParam());
    ASSERT_TRUE(simulation_->server().stack().listen(server_endpoint(), acceptor_));
    simulation_->inspect = [this](const SimulatedHost& sender, const Segment& segment) {
      return inspect(sender, segment);
    };
  }
  bool inspect(const SimulatedHost& sender, const Segment& segment) {
    if (&sender != &simulation_->server()) return !lose_from_client_ || !lose_from_client_(segment);
    if (segment.has(wire::kSyn)) {
      ++syn_acks_;
      last_syn_ack_ = {segment.sequence, segment.options};
    } else {
      last_answer_flags_ = segment.flags;
    }
    return segment.flow.local_port >= kFirstHonestPort;
  }
  wire::Endpoint server_endpoint() { return {simulation_->server().address(), kPort}; }
  const Counters& counters() { return simulation_->server().stack().counters(); }
  Probe& server() { return *acceptor_.accepted.at(0); }

  void flood(int syns) {
    wire::TcpOptions options;
    options.maximum_segment_size = 1460;
    options.timestamps = {{1, 0}};
    for (int i = 0; i < syns; ++i) {
      syn_from(static_cast<std::uint16_t>(1024 + i % 8192), 1000U + static_cast<unsigned>(i),
               options);
      if (i % 500 == 499) simulation_->run_for(milliseconds(1));
    }
    simulation_->run_for(milliseconds(1));
  }
  void syn_from(std::uint16_t port, std::uint32_t sequence, const wire::TcpOptions& options) {
    simulation_->inject(simulation_->client(), simulation_->server(),
                        {port, kPort, sequence, 0, wire::kSyn, 1000}, {}, options);
  }
  void ack_from(std::uint16_t port, std::uint32_t sequence, SequenceNumber acknowledgment,
                std::string_view payload = {}, const wire::TcpOptions& options = {}) {
    simulation_->inject(simulation_->client(), simulation_->server(),
                        {port, kPort, sequence, acknowledgment.value(), wire::kAck, 1000}, payload,
                        options);
    simulation_->run_for(milliseconds(2));
  }

  void connect() {
    client_.stream = simulation_->client().stack().connect(server_endpoint(), client_);
    ASSERT_NE(client_.stream, nullptr);
  }
  bool eventually(const std::function<bool()>& done, Duration limit = seconds(30)) {
    return simulation_->run_until(done, limit);
  }
  /// Both directions, further than windows without scaling reach at once.
  void expect_a_good_connection() {
    connect();
    ASSERT_TRUE(eventually([this] { return client_.opened && !acceptor_.accepted.empty(); }));
    const std::string up = sample_text(400'000, 1);
    const std::string down = sample_text(400'000, 2);
    client_.say(up, simulation_->client().pool());
    server().say(down, simulation_->server().pool());
    ASSERT_TRUE(eventually([&] {
      return server().received.size() == up.size() && client_.received.size() == down.size();
    }));
    EXPECT_EQ(server().received, up);
    EXPECT_EQ(client_.received, down);
    server().close_on_end = true;
    client_.close();
    EXPECT_TRUE(eventually([this] { return simulation_->server().stack().connections() == 0; }));
  }

  std::unique_ptr<Simulation> simulation_;
  ProbeAcceptor acceptor_;
  Probe client_;
  std::function<bool(const Segment&)> lose_from_client_;
  std::pair<SequenceNumber, wire::TcpOptions> last_syn_ack_;
  std::uint8_t last_answer_flags_ = 0;
  int syn_acks_ = 0;
};

TEST_P(SynFloodTest, CookiesTakeOverBeforeTheHalfOpenTableIsFull) {
  start(SynCookieUse::kUnderPressure);
  flood(5000);
  EXPECT_EQ(simulation_->server().stack().half_open(), kMostHalfOpen * 3 / 4);
  EXPECT_EQ(counters().syn_cookies_sent.get(), 5000U - kMostHalfOpen * 3 / 4);
  EXPECT_EQ(counters().syns_dropped_backlog.get(), 0U);
  EXPECT_EQ(simulation_->server().pool().available(), simulation_->server().pool().capacity());
  expect_a_good_connection();
  EXPECT_EQ(counters().syn_cookies_accepted.get(), 1U);
  EXPECT_EQ(counters().syn_cookies_rejected.get(), 0U);
}

TEST_P(SynFloodTest, WithoutPressureSynsAreRemembered) {
  start(SynCookieUse::kUnderPressure);
  expect_a_good_connection();
  EXPECT_EQ(counters().syn_cookies_sent.get(), 0U);
}

TEST_P(SynFloodTest, WhenAlwaysUsedNothingIsRemembered) {
  start(SynCookieUse::kAlways);
  flood(1000);
  EXPECT_EQ(counters().syn_cookies_sent.get(), 1000U);
  EXPECT_EQ(simulation_->server().stack().half_open(), 0U);
  expect_a_good_connection();
  EXPECT_TRUE(last_syn_ack_.second.window_scale);
  EXPECT_TRUE(last_syn_ack_.second.timestamps);
}

TEST_P(SynFloodTest, WhenOffSynsBeyondTheTableAreDropped) {
  start(SynCookieUse::kOff);
  flood(1000);
  EXPECT_EQ(simulation_->server().stack().half_open(), kMostHalfOpen);
  EXPECT_EQ(counters().syns_dropped_backlog.get(), 1000U - kMostHalfOpen);
  EXPECT_EQ(counters().syn_cookies_sent.get(), 0U);
}

TEST_P(SynFloodTest, AFloodIsForgottenWhenItEnds) {
  start(SynCookieUse::kUnderPressure);
  flood(1000);
  simulation_->run_for(minutes(3));
  EXPECT_EQ(simulation_->server().stack().half_open(), 0U);
  const std::uint64_t cookies = counters().syn_cookies_sent.get();
  expect_a_good_connection();
  EXPECT_EQ(counters().syn_cookies_sent.get(), cookies);
}

TEST_P(SynFloodTest, DataCompletesAHandshakeWhoseAckWasLost) {
  start(SynCookieUse::kAlways);
  lose_from_client_ = [](const Segment& segment) {
    return segment.payload.empty() && !segment.has(wire::kSyn);
  };
  connect();
  client_.say("first data", simulation_->client().pool());
  ASSERT_TRUE(eventually(
      [this] { return !acceptor_.accepted.empty() && server().received == "first data"; }));
}

TEST_P(SynFloodTest, TimestampsNeverGoBackBehindACookie) {
  start(SynCookieUse::kAlways);
  std::optional<std::uint32_t> latest;
  const auto base = simulation_->inspect;
  simulation_->inspect = [&, base](const SimulatedHost& sender, const Segment& segment) {
    if (&sender == &simulation_->server() && segment.options.timestamps) {
      const std::uint32_t value = segment.options.timestamps->value;
      if (latest) {
        EXPECT_LT(value - *latest, 0x80000000U);
      }
      latest = value;
    }
    return base(sender, segment);
  };
  expect_a_good_connection();
  EXPECT_TRUE(latest);
}

TEST_P(SynFloodTest, APeerWithoutTimestampsIsServedWithoutOptions) {
  start(SynCookieUse::kAlways);
  wire::TcpOptions options;
  options.maximum_segment_size = 1300;
  options.window_scale = 7;
  syn_from(1024, 5000, options);
  simulation_->run_for(milliseconds(2));
  ASSERT_EQ(syn_acks_, 1);
  EXPECT_TRUE(last_syn_ack_.second.maximum_segment_size);
  EXPECT_FALSE(last_syn_ack_.second.window_scale);
  EXPECT_FALSE(last_syn_ack_.second.timestamps);
  ack_from(1024, 5001, last_syn_ack_.first + 1, "GET /");
  ASSERT_EQ(acceptor_.accepted.size(), 1U);
  EXPECT_EQ(server().received, "GET /");
}

TEST_P(SynFloodTest, AGuessedCookieIsResetAndCounted) {
  start(SynCookieUse::kAlways);
  flood(1);
  for (std::uint32_t guess = 0; guess < 1000; ++guess) {
    ack_from(1024, 1001, last_syn_ack_.first + 2 + guess * 4'000'037);
  }
  EXPECT_EQ(counters().syn_cookies_rejected.get(), 1000U);
  EXPECT_EQ(last_answer_flags_, wire::kRst);
  EXPECT_TRUE(acceptor_.accepted.empty());
}

TEST_P(SynFloodTest, ACookieIsNotTakenTwoPeriodsLater) {
  start(SynCookieUse::kAlways);
  syn_from(1024, 5000, {});
  simulation_->run_for(seconds(120));
  ack_from(1024, 5001, last_syn_ack_.first + 1);
  EXPECT_TRUE(acceptor_.accepted.empty());
  EXPECT_EQ(last_answer_flags_, wire::kRst);
}

TEST_P(SynFloodTest, AnEarlierCookieCompletesInPlaceOfALaterEntry) {
  start(SynCookieUse::kUnderPressure);
  flood(1000);
  syn_from(1023, 5000, {});
  simulation_->run_for(milliseconds(2));
  const SequenceNumber cookie = last_syn_ack_.first;
  // The flood's entries expire; the repeated SYN gets one, and only then comes the first answer.
  simulation_->run_for(seconds(64));
  syn_from(1023, 5000, {});
  simulation_->run_for(milliseconds(2));
  EXPECT_EQ(simulation_->server().stack().half_open(), 1U);
  ASSERT_NE(last_syn_ack_.first, cookie);
  ack_from(1023, 5001, cookie + 1, "late");
  ASSERT_EQ(acceptor_.accepted.size(), 1U);
  EXPECT_EQ(server().received, "late");
  EXPECT_EQ(simulation_->server().stack().half_open(), 0U);
}

TEST_P(SynFloodTest, ShortBuffersMeanCookiesAndVeryShortOnesSilence) {
  start(SynCookieUse::kUnderPressure);
  PacketPool& pool = simulation_->server().pool();
  std::vector<Packet> taken;
  const auto leave = [&](std::uint32_t buffers) {
    pool.refresh();
    while (pool.available() > buffers) {
      taken.push_back(pool.allocate());
      pool.refresh();
    }
  };
  leave(pool.capacity() / 5);
  flood(10);
  EXPECT_EQ(counters().syn_cookies_sent.get(), 10U);
  EXPECT_EQ(simulation_->server().stack().half_open(), 0U);
  leave(pool.capacity() / 20);
  flood(10);
  EXPECT_EQ(counters().syn_cookies_sent.get(), 10U);
  EXPECT_EQ(counters().syns_dropped_memory.get(), 10U);
}

INSTANTIATE_TEST_SUITE_P(Families, SynFloodTest, ::testing::Values(Family::kIPv4, Family::kIPv6),
                         [](const auto& run) {
                           return run.param == Family::kIPv4 ? "IPv4" : "IPv6";
                         });

}  // namespace
}  // namespace sluice::tcp
