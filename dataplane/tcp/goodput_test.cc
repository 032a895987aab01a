// What loss and reordering leave of a link's rate, in virtual time: a long transfer with each way
// of finding losses. Prints a table; the bounds are far enough below to hold with other seeds.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "dataplane/tcp/testing/simulation.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Impairments;
using testing::Probe;
using testing::ProbeAcceptor;
using testing::sample_text;
using testing::Simulation;

constexpr std::uint16_t kPort = 80;
constexpr Duration kTime = seconds(10);

/// Megabits a second that arrive when the sender always has more, and what it cost.
class Transfer {
 public:
  Transfer(const std::string& name, const Impairments& link, const StackConfig& config)
      : simulation_(11, config) {
    const wire::Endpoint server{simulation_.server().address(), kPort};
    simulation_.server().stack().listen(server, acceptor_);
    client_.stream = simulation_.client().stack().connect(server, client_);
    simulation_.run_until([&] { return client_.opened; }, seconds(10));
    simulation_.impairments = link;
    const std::string piece = sample_text(100'000);
    const Instant end = simulation_.clock().now() + kTime;
    while (simulation_.clock().now() < end) {
      while (client_.stream->unacknowledged() < 1'000'000) {
        client_.say(piece, simulation_.client().pool());
      }
      simulation_.run_for(milliseconds(1));
      for (auto& probe : acceptor_.accepted) {
        received_ += probe->received.size();
        probe->received.clear();
      }
    }
    std::printf("%-28s %7.2f Mbit/s, %4lu retransmitted, %2lu timeouts\n", name.c_str(), rate(),
                counters().retransmitted_segments.get(), counters().retransmission_timeouts.get());
    client_.stream->abort();
  }

  [[nodiscard]] double rate() const {
    return static_cast<double>(received_) * 8 / std::chrono::duration<double>(kTime).count() / 1e6;
  }
  /// Segments sent again, for each byte that arrived.
  [[nodiscard]] double repeated() {
    return static_cast<double>(counters().retransmitted_segments.get()) /
           static_cast<double>(received_);
  }
  const Counters& counters() { return simulation_.client().stack().counters(); }

 private:
  Simulation simulation_;
  ProbeAcceptor acceptor_;
  Probe client_;
  std::uint64_t received_ = 0;
};

TEST(Goodput, WithOnePercentRandomLoss) {
  const Impairments link{.loss = 0.01, .delay = milliseconds(10), .rate = 50'000'000};
  Transfer rack("1 % loss, RACK", link, {});
  Transfer scoreboard("1 % loss, scoreboard", link, {.rack = false});
  Transfer duplicates("1 % loss, duplicate ACKs", link, {.sack = false});
  // Single losses are what all of them repair in a round trip: the window decides.
  EXPECT_GT(rack.rate(), 5.0);
  EXPECT_GT(rack.rate(), 0.8 * duplicates.rate());
}

TEST(Goodput, WithFivePercentOvertaken) {
  const Impairments link{
      .delay = milliseconds(10), .overtaken = 0.05, .overtaken_by = 5, .rate = 50'000'000};
  Transfer rack("5 % overtaken, RACK", link, {});
  Transfer scoreboard("5 % overtaken, scoreboard", link, {.rack = false});
  Transfer duplicates("5 % overtaken, duplicate ACKs", link, {.sack = false});
  EXPECT_GT(rack.rate(), 40.0);
  EXPECT_LT(rack.repeated(), duplicates.repeated() / 10);
}

TEST(Goodput, WithBurstsOfLoss) {
  const Impairments link{.delay = milliseconds(10),
                         .burst_begin = 0.001,
                         .burst_length = milliseconds(2),
                         .rate = 50'000'000};
  Transfer rack("bursts, RACK", link, {});
  Transfer scoreboard("bursts, scoreboard", link, {.rack = false});
  Transfer duplicates("bursts, duplicate ACKs", link, {.sack = false});
  EXPECT_GT(rack.rate(), duplicates.rate());
}

TEST(Goodput, FillsALinkWithAShortQueue) {
  const Impairments link{.delay = milliseconds(10), .rate = 50'000'000, .queue = 60'000};
  Transfer rack("short queue, RACK", link, {});
  EXPECT_GT(rack.rate(), 38.0);
}

}  // namespace
}  // namespace sluice::tcp
