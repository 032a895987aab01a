#include "dataplane/tcp/syn_cookies.h"

#include <gtest/gtest.h>

namespace sluice::tcp {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t kTimestamp = 0x12345678;

class SynCookiesTest : public ::testing::TestWithParam<bool> {
 protected:
  SynCookies::Cookie make(const Segment& syn) {
    return cookies_.make(syn, Negotiated::from(syn, StackConfig{}));
  }
  static wire::FlowKey flow() {
    if (GetParam()) {
      return {.local = *wire::IpAddress::parse("2001:db8::2"),
              .remote = *wire::IpAddress::parse("2001:db8::1"),
              .local_port = 443,
              .remote_port = 50000};
    }
    return {.local = wire::IpAddress::v4(198, 18, 0, 2),
            .remote = wire::IpAddress::v4(198, 18, 0, 1),
            .local_port = 443,
            .remote_port = 50000};
  }
  static Segment syn(const wire::TcpOptions& options) {
    Segment segment;
    segment.flow = flow();
    segment.sequence = SequenceNumber(0xfffffff0);
    segment.flags = wire::kSyn;
    segment.options = options;
    return segment;
  }
  /// The ACK of a peer that got the cookie in a SYN-ACK.
  static Segment ack(const SynCookies::Cookie& cookie) {
    Segment segment;
    segment.flow = flow();
    segment.sequence = SequenceNumber(0xfffffff1);
    segment.acknowledgment = cookie.initial_send + 1;
    segment.flags = wire::kAck;
    if (cookie.negotiated.timestamps) {
      segment.options.timestamps = {{77, SynCookies::mark(kTimestamp, cookie.negotiated)}};
    }
    return segment;
  }
  static wire::TcpOptions all_options() {
    wire::TcpOptions options;
    options.maximum_segment_size = 1460;
    options.window_scale = 7;
    options.timestamps = {{70, 0}};
    options.sack_permitted = true;
    return options;
  }

  Clock clock_;
  SynCookies cookies_{clock_};
};

TEST_P(SynCookiesTest, AnAckBringsBackWhatTheSynOffered) {
  for (std::uint8_t shift = 0; shift <= 14; ++shift) {
    for (unsigned bits = 0; bits < 4; ++bits) {
      const bool sack = (bits & 1) != 0;
      const bool ecn = (bits & 2) != 0;
      wire::TcpOptions options = all_options();
      options.window_scale = shift;
      options.sack_permitted = sack;
      Segment offer = syn(options);
      if (ecn) offer.flags |= wire::kEce | wire::kCwr;
      const auto opened = cookies_.open(ack(make(offer)));
      ASSERT_TRUE(opened);
      EXPECT_EQ(opened->ecn, ecn);
      EXPECT_EQ(opened->peer_segment_size, 1460);
      EXPECT_TRUE(opened->timestamps);
      EXPECT_EQ(opened->recent_timestamp, 77U);
      EXPECT_TRUE(opened->window_scaling);
      EXPECT_EQ(opened->peer_window_shift, shift);
      EXPECT_EQ(opened->sack, sack);
    }
  }
}

TEST_P(SynCookiesTest, NoWindowScalingIsToldFromAShiftOfZero) {
  wire::TcpOptions options = all_options();
  options.window_scale = {};
  const auto opened = cookies_.open(ack(make(syn(options))));
  ASSERT_TRUE(opened);
  EXPECT_FALSE(opened->window_scaling);
  EXPECT_TRUE(opened->sack);
}

TEST_P(SynCookiesTest, WithoutTimestampsOnlyTheSegmentSizeIsKept) {
  wire::TcpOptions options = all_options();
  options.timestamps = {};
  const SynCookies::Cookie cookie = make(syn(options));
  EXPECT_FALSE(cookie.negotiated.window_scaling);
  EXPECT_FALSE(cookie.negotiated.sack);
  const auto opened = cookies_.open(ack(cookie));
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->peer_segment_size, 1460);
  EXPECT_FALSE(opened->timestamps);
  EXPECT_FALSE(opened->window_scaling);
  EXPECT_FALSE(opened->sack);
}

TEST_P(SynCookiesTest, SegmentSizesAreRoundedDown) {
  for (std::uint32_t size = 1; size <= 65535; size = size * 21 / 20 + 1) {
    wire::TcpOptions options = all_options();
    options.maximum_segment_size = static_cast<std::uint16_t>(size);
    const SynCookies::Cookie cookie = make(syn(options));
    EXPECT_LE(cookie.negotiated.peer_segment_size, std::max<std::uint32_t>(size, 64));
    const auto opened = cookies_.open(ack(cookie));
    ASSERT_TRUE(opened) << size;
    EXPECT_EQ(opened->peer_segment_size, cookie.negotiated.peer_segment_size);
  }
}

TEST_P(SynCookiesTest, AnyChangeIsNoticed) {
  const Segment good = ack(make(syn(all_options())));
  const auto refused = [&](auto&& change) {
    Segment changed;
    changed.flow = good.flow;
    changed.sequence = good.sequence;
    changed.acknowledgment = good.acknowledgment;
    changed.options = good.options;
    change(changed);
    return !cookies_.open(changed);
  };
  EXPECT_TRUE(refused([](Segment& s) { s.flow.remote_port ^= 1; }));
  EXPECT_TRUE(refused([](Segment& s) { s.flow.local_port ^= 1; }));
  EXPECT_TRUE(refused([](Segment& s) { std::swap(s.flow.local, s.flow.remote); }));
  EXPECT_TRUE(refused([](Segment& s) { s.sequence += 1; }));
  EXPECT_TRUE(refused([](Segment& s) { s.options.timestamps = {}; }));
  EXPECT_TRUE(refused([](Segment& s) { s.options.timestamps->echo ^= 1; }));
  EXPECT_TRUE(refused([](Segment& s) { s.options.timestamps->echo ^= 0x10; }));
  for (int bit = 0; bit < 32; ++bit) {
    EXPECT_TRUE(refused([&](Segment& s) {
      s.acknowledgment = SequenceNumber(((s.acknowledgment - 1U).value() ^ (1U << bit)) + 1);
    })) << bit;
  }
}

TEST_P(SynCookiesTest, ACookieIsGoodForItsPeriodAndTheNext) {
  clock_.advance_by(SynCookies::kPeriod * 5 + seconds(1));
  const Segment early = ack(make(syn(all_options())));
  clock_.advance_by(seconds(58));
  const Segment late = ack(make(syn(all_options())));
  clock_.advance_by(seconds(60));
  EXPECT_TRUE(cookies_.open(early));
  EXPECT_TRUE(cookies_.open(late));
  clock_.advance_by(seconds(1));
  EXPECT_FALSE(cookies_.open(early));
  EXPECT_FALSE(cookies_.open(late));
  EXPECT_FALSE(cookies_.outstanding());
}

TEST_P(SynCookiesTest, EveryPeriodHasItsOwnSecret) {
  const SequenceNumber first = make(syn(all_options())).initial_send;
  EXPECT_EQ(make(syn(all_options())).initial_send, first);
  // A period of the same number's evenness, whose secret takes the first one's place.
  clock_.advance_by(SynCookies::kPeriod * 2);
  EXPECT_NE(make(syn(all_options())).initial_send, first);
}

TEST_P(SynCookiesTest, NothingCanBeGuessedWhileNoCookieIsOut) {
  EXPECT_FALSE(cookies_.outstanding());
  EXPECT_FALSE(cookies_.open(ack({})));
  (void)make(syn(all_options()));
  EXPECT_TRUE(cookies_.outstanding());
}

TEST_P(SynCookiesTest, AMarkedTimestampIsNeverLaterAndHardlyEarlier) {
  Negotiated negotiated;
  negotiated.window_scaling = negotiated.ecn = true;
  for (std::uint8_t shift = 0; shift <= 14; ++shift) {
    negotiated.peer_window_shift = shift;
    for (std::uint32_t timestamp = 0xffffff00; timestamp != 0x100; ++timestamp) {
      const std::uint32_t back = timestamp - SynCookies::mark(timestamp, negotiated);
      ASSERT_LT(back, 64U);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Families, SynCookiesTest, ::testing::Bool(),
                         [](const auto& run) { return run.param ? "IPv6" : "IPv4"; });

}  // namespace
}  // namespace sluice::tcp
