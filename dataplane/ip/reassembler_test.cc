#include "dataplane/ip/reassembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "dataplane/ip/network_fixture.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/ipv6.h"

namespace sluice::ip::test {
namespace {

using sluice::testing::ip_frame;
using sluice::testing::ip_packet;
using sluice::testing::packet_of;
using sluice::testing::tcp_segment;

class ReassemblerTest : public NetworkTest, public ::testing::WithParamInterface<bool> {
 protected:
  ReassemblerTest() { make(two_interfaces(), true, {.fragments = FragmentUse::kReassemble}); }

  [[nodiscard]] static Journey journey() { return GetParam() ? kFromPeer6 : kFromPeer4; }

  static Frame segment(std::size_t payload = 2500) {
    std::string text(payload, '\0');
    for (std::size_t i = 0; i < payload; ++i) text[i] = static_cast<char>(i * 7 + i / 256);
    return tcp_segment(journey(), {50000, 443, 1, 0, wire::kAck, 1000}, text);
  }

  // The frame of a fragment that carries these bytes of `payload`.
  static Frame fragment(const Frame& payload, std::size_t offset, std::size_t size, bool more,
                        std::uint32_t identification = 7) {
    Frame part(payload.begin() + static_cast<long>(offset),
               payload.begin() + static_cast<long>(offset + size));
    if (GetParam()) {
      Frame header{wire::kProtocolTcp, 0, 0, 0, 0, 0, 0, 0};
      wire::store_be16(&header[2], static_cast<std::uint16_t>(offset | (more ? 1 : 0)));
      wire::store_be32(&header[4], identification);
      part.insert(part.begin(), header.begin(), header.end());
      return ip_frame(kPeerToUs, ip_packet(journey(), wire::kProtocolFragment, part));
    }
    Frame frame = ip_frame(kPeerToUs, ip_packet(journey(), wire::kProtocolTcp, part));
    wire::store_be16(&frame[14 + 4], static_cast<std::uint16_t>(identification));
    wire::store_be16(&frame[14 + 6], static_cast<std::uint16_t>(offset / 8 | (more ? 0x2000 : 0)));
    sluice::testing::mend_ipv4_checksum(frame, 14);
    return frame;
  }

  static constexpr std::uint8_t kCapable = 2;
  static constexpr std::uint8_t kCongestion = 3;

  static Frame marked(Frame frame, std::uint8_t ecn) {
    frame[14 + 1] = static_cast<std::uint8_t>(GetParam() ? ecn << 4 : ecn);
    if (!GetParam()) sluice::testing::mend_ipv4_checksum(frame, 14);
    return frame;
  }

  std::uint32_t available() {
    pool->refresh();
    return pool->available();
  }

  // As a worker does: what is whole comes in once more.
  void take(const Frame& frame) {
    receive(frame);
    while (auto whole = network->take_reassembled()) {
      EXPECT_EQ(whole->port, kWan);
      receive(std::move(whole->frame));
    }
  }

  void expect_delivered(const Frame& payload) {
    ASSERT_EQ(transport.datagrams.size(), 1U);
    EXPECT_EQ(transport.datagrams[0].bytes, payload);
    EXPECT_EQ(transport.datagrams[0].source, journey().source);
    EXPECT_EQ(counters().datagrams_reassembled.get(), 1U);
  }
};

TEST_P(ReassemblerTest, PutsADatagramTogetherInWhateverOrderItsFragmentsCome) {
  const Frame payload = segment();
  std::vector<Frame> parts{fragment(payload, 0, 1000, true), fragment(payload, 1000, 1000, true),
                           fragment(payload, 2000, payload.size() - 2000, false)};
  std::vector<int> order{0, 1, 2};
  do {
    transport.datagrams.clear();
    for (const int i : order) take(parts[static_cast<std::size_t>(i)]);
    ASSERT_EQ(transport.datagrams.size(), 1U);
    EXPECT_EQ(transport.datagrams[0].bytes, payload);
  } while (std::next_permutation(order.begin(), order.end()));
  EXPECT_EQ(counters().datagrams_reassembled.get(), 6U);
}

// RFC 3168 section 5.3.
TEST_P(ReassemblerTest, AMarkOfOneFragmentMarksTheDatagram) {
  const Frame payload = segment();
  for (const bool first : {true, false}) {
    transport.datagrams.clear();
    take(marked(fragment(payload, 0, 1600, true), first ? kCongestion : kCapable));
    take(marked(fragment(payload, 1600, payload.size() - 1600, false),
                first ? kCapable : kCongestion));
    ASSERT_EQ(transport.datagrams.size(), 1U);
    EXPECT_EQ(transport.datagrams[0].bytes, payload);
    EXPECT_EQ(transport.datagrams[0].traffic_class, 3);
  }
}

TEST_P(ReassemblerTest, WithoutAMarkTheDatagramIsAsItsFirstFragment) {
  const Frame payload = segment();
  take(fragment(payload, 1600, payload.size() - 1600, false));
  take(marked(fragment(payload, 0, 1600, true), kCapable));
  expect_delivered(payload);
  EXPECT_EQ(transport.datagrams[0].traffic_class, 2);
}

TEST_P(ReassemblerTest, AMarkAmongUnmarkableFragmentsEndsTheWholeDatagram) {
  const Frame payload = segment();
  for (const std::uint32_t id : {8U, 9U}) {
    const bool mark_first = id == 8;
    Frame first = fragment(payload, 0, 1600, true, id);
    Frame rest = fragment(payload, 1600, payload.size() - 1600, false, id);
    take(mark_first ? marked(first, kCongestion) : first);
    take(mark_first ? rest : marked(rest, kCongestion));
  }
  EXPECT_TRUE(transport.datagrams.empty());
  EXPECT_EQ(counters().fragment_marks.get(), 2U);
}

TEST_P(ReassemblerTest, FragmentsAreDroppedUnlessAskedFor) {
  make(two_interfaces());
  take(fragment(segment(), 0, 1000, true));
  EXPECT_EQ(counters().ip_fragment.get(), 1U);
  EXPECT_EQ(counters().fragments_received.get(), 0U);
}

TEST_P(ReassemblerTest, DatagramsAreToldApartByTheirIdentification) {
  const Frame payload = segment();
  take(fragment(payload, 0, 1600, true, 7));
  take(fragment(payload, 1600, payload.size() - 1600, false, 8));
  EXPECT_TRUE(transport.datagrams.empty());
  take(fragment(payload, 1600, payload.size() - 1600, false, 7));
  expect_delivered(payload);
}

TEST_P(ReassemblerTest, OverlappingFragmentsEndTheWholeDatagram) {
  const Frame payload = segment();
  take(fragment(payload, 0, 1000, true));
  take(fragment(payload, 992, 1008, true));
  EXPECT_EQ(counters().fragment_overlaps.get(), 1U);
  take(fragment(payload, 0, 1000, true));
  take(fragment(payload, 1000, payload.size() - 1000, false));
  EXPECT_TRUE(transport.datagrams.empty()) << "RFC 5722: what comes later, too";
  EXPECT_EQ(counters().fragment_of_refused.get(), 2U);
}

TEST_P(ReassemblerTest, SoDoEndsThatContradictEachOther) {
  const Frame payload = segment();
  take(fragment(payload, 1000, 1000, false, 1));
  take(fragment(payload, 2000, payload.size() - 2000, false, 1));
  EXPECT_EQ(counters().fragment_overlaps.get(), 1U);
  take(fragment(payload, 2000, 496, true, 2));
  take(fragment(payload, 1000, 1000, false, 2));
  EXPECT_EQ(counters().fragment_overlaps.get(), 2U);
}

TEST_P(ReassemblerTest, ACopyOfAFragmentIsDroppedAlone) {
  const Frame payload = segment();
  take(fragment(payload, 0, 1000, true));
  take(fragment(payload, 0, 1000, true));
  EXPECT_EQ(counters().fragment_duplicates.get(), 1U);
  take(fragment(payload, 1000, payload.size() - 1000, false));
  expect_delivered(payload);
}

TEST_P(ReassemblerTest, TheFirstFragmentMustHoldTheTransportHeader) {
  const Frame payload = segment();
  take(fragment(payload, 0, 16, true));
  EXPECT_EQ(counters().fragment_tiny.get(), 1U);
  take(fragment(payload, 16, payload.size() - 16, false));
  EXPECT_TRUE(transport.datagrams.empty());
}

TEST_P(ReassemblerTest, LengthsMustBePossible) {
  const Frame payload = segment();
  take(fragment(payload, 0, 1001, true, 1));
  take(fragment(payload, 1000, 0, false, 2));
  Frame beyond = fragment(payload, 0, 1000, false, 3);
  if (GetParam()) {
    wire::store_be16(&beyond[14 + 40 + 2], 0xfff8);
  } else {
    wire::store_be16(&beyond[14 + 6], 0x1fff);
    sluice::testing::mend_ipv4_checksum(beyond, 14);
  }
  take(beyond);
  EXPECT_EQ(counters().fragment_malformed.get(), 3U);
}

TEST_P(ReassemblerTest, FragmentsAreKeptForFiveSeconds) {
  const Frame payload = segment();
  const auto free = available();
  take(fragment(payload, 0, 1000, true));
  advance(seconds(4));
  EXPECT_EQ(available(), free - 1);
  advance(milliseconds(1100));
  EXPECT_EQ(available(), free) << "without another fragment";
  EXPECT_EQ(counters().fragment_timeouts.get(), 1U);
  take(fragment(payload, 1000, payload.size() - 1000, false));
  EXPECT_TRUE(transport.datagrams.empty());
}

TEST_P(ReassemblerTest, ADatagramHasABoundedNumberOfFragments) {
  const Frame payload = segment();
  for (std::size_t i = 0; i <= Reassembler::kMostFragments; ++i) {
    take(fragment(payload, i * 64, 64, true));
  }
  EXPECT_EQ(counters().fragment_too_many.get(), 1U);
}

TEST_P(ReassemblerTest, TheOldestDatagramsMakeRoom) {
  const auto free = available();
  const Frame payload = segment();
  for (std::uint32_t i = 0; i < Reassembler::kMostDatagrams + 10; ++i) {
    take(fragment(payload, 0, 1000, true, i));
    advance(milliseconds(10));
  }
  EXPECT_EQ(counters().fragment_evicted.get(), 10U);
  EXPECT_EQ(free - available(), Reassembler::kMostDatagrams);
  take(fragment(payload, 1000, payload.size() - 1000, false, Reassembler::kMostDatagrams + 9));
  expect_delivered(payload);
}

TEST_P(ReassemblerTest, BuffersHeldAreBounded) {
  const auto free = available();
  const Frame payload = segment();
  for (std::uint32_t i = 0; i < Reassembler::kMostDatagrams; ++i) {
    for (std::size_t part = 0; part < 20; ++part) {
      take(fragment(payload, part * 64, 64, true, i));
    }
  }
  EXPECT_LE((free - available()) * PacketPool::kDataRoom, Reassembler::kMostBytes);
  EXPECT_GT(counters().fragment_evicted.get(), 0U);
}

// Whatever comes: nothing is read out of bounds, and nothing stays.
TEST_P(ReassemblerTest, RandomFragmentsDoNoHarm) {
  std::mt19937 random{5};
  const auto free = available();
  const Frame payload = segment(1000);
  for (int round = 0; round < 5000; ++round) {
    const std::size_t offset = random() % (payload.size() / 8) * 8;
    const std::size_t size = std::min<std::size_t>(random() % 600, payload.size() - offset);
    Frame frame =
        fragment(payload, random() % 3 == 0 ? 0 : offset, size, random() % 4 != 0, random() % 100);
    if (random() % 8 == 0) frame[14 + random() % (frame.size() - 14)] ^= 1;
    take(frame);
    if (random() % 4 == 0) advance(milliseconds(200));
  }
  EXPECT_GT(counters().fragment_overlaps.get(), 10U);
  EXPECT_GT(counters().fragment_timeouts.get(), 10U);
  advance(seconds(6));
  EXPECT_EQ(available(), free);
}

INSTANTIATE_TEST_SUITE_P(Families, ReassemblerTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "IPv6" : "IPv4"; });

}  // namespace
}  // namespace sluice::ip::test
