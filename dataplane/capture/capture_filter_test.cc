#include "dataplane/capture/capture_filter.h"

#include <gtest/gtest.h>

#include "dataplane/testing/frames.h"
#include "dataplane/wire/icmp.h"
#include "dataplane/wire/ip_protocol.h"

namespace sluice::capture {
namespace {

using testing::Frame;
using testing::ip;
using testing::Journey;
using testing::mac;

const testing::Hop kHop{mac("02:00:00:00:00:02"), mac("02:00:00:00:00:01")};
constexpr port::PortId kPort{0};

Frame tcp_frame(const Journey& journey, std::uint16_t from, std::uint16_t to) {
  return testing::ip_frame(
      kHop, testing::ip_packet(journey, wire::kProtocolTcp,
                               testing::tcp_segment(journey, {from, to, 1, 0, wire::kSyn, 1000})));
}

// The client 4000 of a service on port 443.
Frame incoming(const char* client, const char* service) {
  return tcp_frame({ip(client), ip(service)}, 4000, 443);
}
Frame outgoing(const char* client, const char* service) {
  return tcp_frame({ip(service), ip(client)}, 443, 4000);
}

bool matches(const CaptureFilter& filter, Direction direction, const Frame& frame) {
  return filter.matches(kPort, direction, frame);
}

TEST(CaptureFilter, BothDirectionsOfAFlowAreOneFlow) {
  for (const auto& [client, service] :
       {std::pair{"198.18.7.7", "198.18.0.1"}, std::pair{"2001:db8:7::7", "2001:db8::1"}}) {
    const wire::FlowKey flow{ip(service), ip(client), 443, 4000};
    EXPECT_EQ(flow_of(incoming(client, service), Direction::kIn), flow);
    EXPECT_EQ(flow_of(outgoing(client, service), Direction::kOut), flow);
  }
}

TEST(CaptureFilter, ChoosesByTheRemoteNetwork) {
  const CaptureFilter filter{.remote = wire::Prefix::parse("198.18.7.0/24")};
  EXPECT_TRUE(matches(filter, Direction::kIn, incoming("198.18.7.7", "198.18.0.1")));
  EXPECT_TRUE(matches(filter, Direction::kOut, outgoing("198.18.7.7", "198.18.0.1")));
  EXPECT_FALSE(matches(filter, Direction::kIn, incoming("198.18.8.7", "198.18.0.1")));
  EXPECT_FALSE(matches(filter, Direction::kOut, outgoing("198.18.8.7", "198.18.0.1")));
  EXPECT_FALSE(matches(filter, Direction::kIn, incoming("198.18.8.7", "198.18.7.1")))
      << "the local address is not the remote one";
}

TEST(CaptureFilter, ChoosesByTheLocalPort) {
  CaptureFilter filter{.local_port = std::uint16_t{443}};
  EXPECT_TRUE(matches(filter, Direction::kIn, incoming("198.18.7.7", "198.18.0.1")));
  EXPECT_TRUE(matches(filter, Direction::kOut, outgoing("198.18.7.7", "198.18.0.1")));
  filter.local_port = std::uint16_t{4000};
  EXPECT_FALSE(matches(filter, Direction::kIn, incoming("198.18.7.7", "198.18.0.1")));
  EXPECT_FALSE(matches(filter, Direction::kOut, outgoing("198.18.7.7", "198.18.0.1")));
}

TEST(CaptureFilter, ChoosesByPortAndDirection) {
  const Frame frame = incoming("198.18.7.7", "198.18.0.1");
  EXPECT_TRUE(matches({.port = kPort}, Direction::kIn, frame));
  EXPECT_FALSE(matches({.port = port::PortId(1)}, Direction::kIn, frame));
  EXPECT_TRUE(matches({.direction = Direction::kIn}, Direction::kIn, frame));
  EXPECT_FALSE(matches({.direction = Direction::kOut}, Direction::kIn, frame));
}

TEST(CaptureFilter, AnIcmpErrorBelongsToTheFlowItQuotes) {
  const Journey in{ip("198.18.9.1"), ip("198.18.0.1")};  // from a router on the way
  const Journey out{ip("198.18.0.1"), ip("198.18.7.7")};
  const Frame quoted = testing::ip_packet(
      out, wire::kProtocolTcp, testing::tcp_segment(out, {443, 4000, 1, 0, wire::kAck, 0}));
  const Frame frame = testing::ip_frame(
      kHop, testing::ip_packet(in, wire::kProtocolIcmp,
                               testing::icmp_message(in, wire::kIcmpUnreachable, 4, 1280, quoted)));
  EXPECT_TRUE(matches({.remote = wire::Prefix::parse("198.18.7.7/32")}, Direction::kIn, frame));
  EXPECT_FALSE(matches({.remote = wire::Prefix::parse("198.18.9.1/32")}, Direction::kIn, frame));
}

TEST(CaptureFilter, FramesOfNoFlowMatchOnlyWhenNoFlowIsAskedFor) {
  const Frame arp = testing::ethernet_frame(kHop, 0x0806, Frame(28));
  for (const Frame& frame : {arp, Frame(13), Frame(0)}) {
    EXPECT_TRUE(matches({}, Direction::kIn, frame));
    EXPECT_FALSE(matches({.remote = wire::Prefix::parse("0.0.0.0/0")}, Direction::kIn, frame));
    EXPECT_FALSE(matches({.local_port = std::uint16_t{80}}, Direction::kIn, frame));
  }
}

}  // namespace
}  // namespace sluice::capture
