#include "dataplane/wire/frame_flow.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "dataplane/testing/frames.h"
#include "dataplane/wire/ethernet.h"
#include "dataplane/wire/icmp.h"
#include "dataplane/wire/ip_protocol.h"

namespace sluice::wire {
namespace {

using testing::Frame;
using testing::icmp_message;
using testing::ip;
using testing::ip_frame;
using testing::ip_packet;
using testing::Journey;
using testing::mac;
using testing::tcp_segment;

const testing::Hop kHop{mac("02:00:00:00:00:02"), mac("02:00:00:00:00:01")};

struct Family {
  Journey in;   // to this host
  Journey out;  // from this host
};

std::vector<Family> families() {
  const IpAddress us4 = ip("198.18.0.1");
  const IpAddress peer4 = ip("198.19.0.9");
  const IpAddress us6 = ip("2001:db8::1");
  const IpAddress peer6 = ip("2001:db8:1::9");
  return {{{peer4, us4}, {us4, peer4}}, {{peer6, us6}, {us6, peer6}}};
}

Frame tcp_frame(const Journey& journey) {
  return ip_frame(
      kHop, ip_packet(journey, kProtocolTcp, tcp_segment(journey, {50000, 443, 1, 0, kSyn, 1000})));
}

Frame error_frame(const Family& family, std::uint8_t quoted_protocol) {
  const bool v4 = family.in.source.is_v4();
  const Frame quoted =
      ip_packet(family.out, quoted_protocol, tcp_segment(family.out, {443, 50000, 1, 0, kAck, 0}));
  const std::uint8_t type = v4 ? std::uint8_t{kIcmpUnreachable} : std::uint8_t{kIcmpv6PacketTooBig};
  const Frame message = icmp_message(family.in, type, 0, 1280, quoted);
  return ip_frame(kHop, ip_packet(family.in, v4 ? kProtocolIcmp : kProtocolIcmpv6, message));
}

TEST(FrameFlow, SendsTcpToItsDestinationsFlow) {
  for (const Family& family : families()) {
    const FrameFlow found = frame_flow(tcp_frame(family.in));
    EXPECT_EQ(found.target, FrameTarget::kFlow);
    EXPECT_EQ(found.flow, (FlowKey{family.in.destination, family.in.source, 443, 50000}));
  }
}

TEST(FrameFlow, SendsAnErrorToTheFlowOfTheSegmentItQuotes) {
  for (const Family& family : families()) {
    const FrameFlow found = frame_flow(error_frame(family, kProtocolTcp));
    EXPECT_EQ(found.target, FrameTarget::kFlow);
    EXPECT_EQ(found.flow, (FlowKey{family.out.source, family.out.destination, 443, 50000}));
    EXPECT_EQ(frame_flow(error_frame(family, kProtocolUdp)).target, FrameTarget::kHere);
  }
}

TEST(FrameFlow, AnErrorAndItsFlowHashAlike) {
  for (const Family& family : families()) {
    const HashKey key{1, 2};
    EXPECT_EQ(flow_hash(key, frame_flow(tcp_frame(family.in)).flow),
              flow_hash(key, frame_flow(error_frame(family, kProtocolTcp)).flow));
  }
}

TEST(FrameFlow, FindsTcpBehindExtensionHeaders) {
  const Family family = families()[1];
  Frame payload = tcp_segment(family.in, {50000, 443, 1, 0, kSyn, 1000});
  payload.insert(payload.begin(), {kProtocolTcp, 0, 1, 4, 0, 0, 0, 0});
  const Frame frame = ip_frame(kHop, ip_packet(family.in, kProtocolHopByHop, payload));
  EXPECT_EQ(frame_flow(frame).flow, (FlowKey{family.in.destination, family.in.source, 443, 50000}));
}

TEST(FrameFlow, ShowsNeighbourProtocolsToEveryone) {
  EXPECT_EQ(frame_flow(testing::arp_frame(kHop, {})).target, FrameTarget::kEveryone);
  const Journey journey{ip("2001:db8::2"), ip("2001:db8::1")};
  const Frame asked = testing::solicitation_message(journey, {journey.destination, kHop.source});
  const Frame told =
      testing::advertisement_message(journey, {journey.source, kHop.source, true, true});
  for (const Frame& message : {asked, told}) {
    const Frame frame = ip_frame(kHop, ip_packet(journey, kProtocolIcmpv6, message, 255));
    EXPECT_EQ(frame_flow(frame).target, FrameTarget::kEveryone);
  }
}

TEST(FrameFlow, SendsAllFragmentsOfADatagramToOnePlace) {
  Frame first = tcp_frame(families()[0].in);
  store_be16(&first[14 + 4], 7);
  store_be16(&first[14 + 6], 0x2000);
  Frame second = first;
  store_be16(&second[14 + 6], 3);
  second.resize(14 + 20 + 2);
  Frame of_another = second;
  store_be16(&of_another[14 + 4], 8);
  EXPECT_EQ(frame_flow(first).target, FrameTarget::kFlow);
  EXPECT_EQ(frame_flow(first).flow, frame_flow(second).flow);
  EXPECT_NE(frame_flow(first).flow, frame_flow(of_another).flow);

  const auto v6_fragment = [](std::uint16_t offset, std::uint32_t identification) {
    Frame part{kProtocolTcp, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8};
    store_be16(&part[2], offset);
    store_be32(&part[4], identification);
    return ip_frame(kHop, ip_packet(families()[1].in, kProtocolFragment, part));
  };
  EXPECT_EQ(frame_flow(v6_fragment(1, 0x10007)).target, FrameTarget::kFlow);
  EXPECT_EQ(frame_flow(v6_fragment(1, 0x10007)).flow, frame_flow(v6_fragment(8, 0x10007)).flow);
  EXPECT_NE(frame_flow(v6_fragment(1, 0x10007)).flow, frame_flow(v6_fragment(8, 0x20007)).flow);
}

TEST(FrameFlow, KeepsEverythingElseHere) {
  const Family family = families()[0];
  const Frame echo = icmp_message(family.in, kIcmpEchoRequest, 0, 1, Frame(8));
  EXPECT_EQ(frame_flow(ip_frame(kHop, ip_packet(family.in, kProtocolIcmp, echo))).target,
            FrameTarget::kHere);
  EXPECT_EQ(frame_flow(ip_frame(kHop, ip_packet(family.in, kProtocolUdp, Frame(8)))).target,
            FrameTarget::kHere);
  EXPECT_EQ(frame_flow(testing::ethernet_frame(kHop, kEtherVlan, tcp_frame(family.in))).target,
            FrameTarget::kHere);
  EXPECT_EQ(frame_flow({}).target, FrameTarget::kHere);
}

// The frame lies at the end of an allocation of its own, where the sanitizer sees every byte read
// behind it.
void look_at(Bytes frame) {
  const auto exact = std::make_unique<std::uint8_t[]>(frame.size());
  std::copy(frame.begin(), frame.end(), exact.get());
  frame_flow({exact.get(), frame.size()});
}

TEST(FrameFlow, NeverReadsBeyondCutOrMutatedFrames) {
  std::mt19937 random(7);
  std::vector<Frame> frames{testing::arp_frame(kHop, {})};
  for (const Family& family : families()) {
    frames.push_back(tcp_frame(family.in));
    frames.push_back(error_frame(family, kProtocolTcp));
  }
  for (const Frame& frame : frames) {
    for (std::size_t size = 0; size <= frame.size(); ++size) look_at(Bytes(frame).first(size));
    for (int round = 0; round < 10000; ++round) {
      Frame mutated = frame;
      for (unsigned i = random() % 4; i < 4; ++i) {
        mutated[random() % mutated.size()] = static_cast<std::uint8_t>(random());
      }
      mutated.resize(random() % 3 == 0 ? random() % mutated.size() : mutated.size());
      look_at(mutated);
    }
  }
}

}  // namespace
}  // namespace sluice::wire
