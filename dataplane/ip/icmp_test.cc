#include "dataplane/ip/icmp.h"

#include <gtest/gtest.h>

#include <array>

#include "dataplane/ip/network_fixture.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/ipv6.h"

namespace sluice::ip::test {
namespace {

using sluice::testing::chain_of;
using sluice::testing::icmp_message;
using sluice::testing::ip_frame;
using sluice::testing::ip_packet;
using sluice::testing::tcp_segment;

class IcmpTest : public NetworkTest {
 protected:
  IcmpTest() {
    learn_peer();
    const Journey asking{kPeer6, kOwn6};
    receive(ip_frame(kPeerToUs,
                     ip_packet(asking, wire::kProtocolIcmpv6,
                               sluice::testing::solicitation_message(asking, {kOwn6, kPeerMac}),
                               wire::kNdpHopLimit)));
    send(kOwn4, kPeer4);  // uses up the probes that the first use of an address makes
    send(kOwn6, kPeer6);
    link.take();
  }

  static Frame icmp_frame(const Journey& journey, std::uint8_t type, std::uint8_t code,
                          std::uint32_t rest, const Frame& body, const Hop& hop = kPeerToUs) {
    const std::uint8_t protocol = journey.source.is_v4() ? std::uint8_t{wire::kProtocolIcmp}
                                                         : std::uint8_t{wire::kProtocolIcmpv6};
    return ip_frame(hop,
                    ip_packet(journey, protocol, icmp_message(journey, type, code, rest, body)));
  }

  static Frame own_segment(const Journey& journey, std::uint8_t protocol = wire::kProtocolTcp) {
    return ip_packet(journey, protocol,
                     tcp_segment(journey, {443, 50000, 0x0a0b0c0d, 0, wire::kAck, 0}));
  }

  // One of 1500 bytes, cut as routers do.
  static Frame full_segment(const Journey& journey) {
    const std::size_t headers = journey.source.is_v4() ? 40 : 60;
    Frame packet = ip_packet(journey, wire::kProtocolTcp,
                             tcp_segment(journey, {443, 50000, 0x0a0b0c0d, 0, wire::kAck, 0},
                                         std::string(1500 - headers, 'x')));
    packet.resize(headers + 8);
    return packet;
  }

  // Reports an error about a segment of ours, and returns what the transport heard.
  std::vector<DeliveryFailure> report(std::uint8_t type, std::uint8_t code, std::uint32_t rest,
                                      const Journey& in) {
    transport.failures.clear();
    receive(icmp_frame(in, type, code, rest, full_segment({in.destination, in.source})));
    return transport.failures;
  }
};

// The ICMP message of a sent frame, after a check of both checksums.
Frame message_of(const SentFrame& frame) {
  const Frame packet = frame.packet();
  if (frame.ethernet().type() == wire::kEtherIpv4) {
    const auto header = wire::Ipv4Header::parse(packet);
    EXPECT_TRUE(header && header->checksum_verifies());
    Frame message(packet.begin() + 20, packet.end());
    wire::InternetSum sum;
    sum.add(message);
    EXPECT_TRUE(sum.verifies());
    return message;
  }
  const auto header = wire::Ipv6Header::parse(packet);
  EXPECT_TRUE(header);
  Frame message(packet.begin() + 40, packet.end());
  wire::InternetSum sum =
      wire::pseudo_header_sum(header->source(), header->destination(), wire::kProtocolIcmpv6,
                              static_cast<std::uint32_t>(message.size()));
  sum.add(message);
  EXPECT_TRUE(sum.verifies());
  return message;
}

TEST_F(IcmpTest, AnswersEchoWithWhatItGot) {
  const Frame body = octets("some bytes of an odd size");
  receive(icmp_frame(kFromPeer4, wire::kIcmpEchoRequest, 0, 0x12345678, body));
  receive(icmp_frame(kFromPeer6, wire::kIcmpv6EchoRequest, 0, 0x12345678, body));
  const auto sent = link.take();
  ASSERT_EQ(sent.size(), 2U);
  for (const SentFrame& frame : sent) {
    EXPECT_EQ(frame.ethernet().destination(), kPeerMac);
    EXPECT_EQ(frame.ethernet().source(), kWanMac);
    const Frame message = message_of(frame);
    const bool v4 = frame.ethernet().type() == wire::kEtherIpv4;
    EXPECT_EQ(message[0],
              v4 ? std::uint8_t{wire::kIcmpEchoReply} : std::uint8_t{wire::kIcmpv6EchoReply});
    EXPECT_EQ(wire::load_be32(&message[4]), 0x12345678U);
    EXPECT_EQ(Frame(message.begin() + 8, message.end()), body);
  }
  EXPECT_EQ(counters().echo_answered.get(), 2U);
}

TEST_F(IcmpTest, AnswersEchoInAChainOfBuffers) {
  const Frame frame = icmp_frame(kFromPeer4, wire::kIcmpEchoRequest, 0, 1, Frame(1001, 'x'));
  const std::array<std::size_t, 2> sizes{7, 500};
  receive(chain_of(*pool, frame, sizes));
  const auto sent = link.take();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(message_of(sent[0]).size(), 1009U);
}

TEST_F(IcmpTest, DoesNotAnswerEchoToGroups) {
  receive(icmp_frame({kPeer4, ip("198.18.0.255")}, wire::kIcmpEchoRequest, 0, 1, Frame(8)));
  receive(icmp_frame({kPeer4, ip("224.0.0.1")}, wire::kIcmpEchoRequest, 0, 1, Frame(8)));
  receive(icmp_frame({kPeer6, ip("ff02::1")}, wire::kIcmpv6EchoRequest, 0, 1, Frame(8)));
  receive(icmp_frame(kFromPeer4, wire::kIcmpEchoRequest, 0, 1, Frame(8),
                     {kPeerMac, wire::kBroadcastMac}));
  EXPECT_TRUE(link.take().empty());
  EXPECT_EQ(counters().icmp_ignored.get(), 4U);
}

TEST_F(IcmpTest, LimitsEcho) {
  for (unsigned i = 0; i < Icmp::kEchoBurst + 50; ++i) {
    receive(icmp_frame(kFromPeer4, wire::kIcmpEchoRequest, 0, i, Frame(8)));
  }
  EXPECT_EQ(link.take().size(), Icmp::kEchoBurst);
  EXPECT_EQ(counters().echo_limited.get(), 50U);
  advance(milliseconds(100));
  link.take();
  for (unsigned i = 0; i < Icmp::kEchoBurst; ++i) {
    receive(icmp_frame(kFromPeer4, wire::kIcmpEchoRequest, 0, i, Frame(8)));
  }
  EXPECT_EQ(link.take().size(), Icmp::kEchoRate / 10);
}

TEST_F(IcmpTest, DropsDamagedAndShortMessages) {
  Frame frame = icmp_frame(kFromPeer4, wire::kIcmpEchoRequest, 0, 1, Frame(8));
  frame.back() ^= 1;
  receive(frame);
  Frame v6 = icmp_frame(kFromPeer6, wire::kIcmpv6EchoRequest, 0, 1, Frame(8));
  v6.back() ^= 1;
  receive(v6);
  receive(ip_frame(kPeerToUs, ip_packet(kFromPeer4, wire::kProtocolIcmp, Frame(7))));
  receive(ip_frame(kPeerToUs, ip_packet(kFromPeer4, wire::kProtocolIcmp, {})));
  EXPECT_EQ(counters().icmp_malformed.get(), 4U);
  EXPECT_TRUE(link.take().empty());
}

TEST_F(IcmpTest, IgnoresWhatItDoesNotServe) {
  constexpr std::uint8_t kRedirect = 5;
  constexpr std::uint8_t kTimestamp = 13;
  constexpr std::uint8_t kSourceQuench = 4;
  constexpr std::uint8_t kRouterAdvertisement = 134;
  for (const std::uint8_t type : {kRedirect, kTimestamp, kSourceQuench}) {
    receive(icmp_frame(kFromPeer4, type, 0, 0, own_segment({kOwn4, kPeer4})));
  }
  receive(icmp_frame(kFromPeer6, kRouterAdvertisement, 0, 0, Frame(8)));
  EXPECT_EQ(counters().icmp_ignored.get(), 4U);
  EXPECT_TRUE(transport.failures.empty());
  EXPECT_TRUE(link.take().empty());
}

TEST_F(IcmpTest, ReportsErrorsAboutOwnSegments) {
  for (const Journey& in : {kFromPeer4, kFromPeer6}) {
    const bool v4 = in.source.is_v4();
    const auto failures =
        report(v4 ? std::uint8_t{wire::kIcmpUnreachable} : std::uint8_t{wire::kIcmpv6Unreachable},
               1, 0, in);
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_EQ(failures[0].local, in.destination);
    EXPECT_EQ(failures[0].remote, in.source);
    EXPECT_EQ(failures[0].local_port, 443);
    EXPECT_EQ(failures[0].remote_port, 50000);
    EXPECT_EQ(failures[0].sequence, 0x0a0b0c0dU);
  }
}

TEST_F(IcmpTest, TellsSoftFromHardErrors) {
  using enum DeliveryProblem;
  struct Case {
    std::uint8_t type;
    std::uint8_t code;
    DeliveryProblem problem;
  };
  const std::vector<Case> v4{{3, 0, kHostUnreachable},  {3, 1, kHostUnreachable},
                             {3, 2, kPortUnreachable},  {3, 3, kPortUnreachable},
                             {3, 13, kPortUnreachable}, {3, 5, kHostUnreachable},
                             {11, 0, kHostUnreachable}, {3, 4, kPacketTooBig}};
  for (const Case& c : v4) {
    const auto failures = report(c.type, c.code, 1400, kFromPeer4);
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_EQ(failures[0].problem, c.problem) << int{c.type} << "/" << int{c.code};
  }
  const std::vector<Case> v6{{1, 0, kHostUnreachable}, {1, 1, kPortUnreachable},
                             {1, 3, kHostUnreachable}, {1, 4, kPortUnreachable},
                             {2, 0, kPacketTooBig},    {3, 0, kHostUnreachable},
                             {4, 1, kPortUnreachable}};
  for (const Case& c : v6) {
    const auto failures = report(c.type, c.code, 1400, kFromPeer6);
    ASSERT_EQ(failures.size(), 1U);
    EXPECT_EQ(failures[0].problem, c.problem) << int{c.type} << "/" << int{c.code};
  }
  EXPECT_TRUE(report(12, 0, 0, kFromPeer4).empty()) << "parameter problem";
  EXPECT_TRUE(report(4, 0, 0, kFromPeer6).empty()) << "parameter problem";
}

TEST_F(IcmpTest, ReportsTheMtuOfTooBig) {
  EXPECT_EQ(report(3, 4, 1280, kFromPeer4).at(0).mtu, 1280);
  EXPECT_EQ(report(3, 1, 1280, kFromPeer4).at(0).mtu, 0) << "not about the size";
  EXPECT_EQ(report(2, 0, 1280, kFromPeer6).at(0).mtu, 1280);
  EXPECT_EQ(report(3, 4, 0, kFromPeer4).at(0).mtu, 1492) << "a router that does not tell";
}

TEST_F(IcmpTest, RefusesAnMtuThatCannotBe) {
  EXPECT_TRUE(report(3, 4, 1500, kFromPeer4).empty()) << "the segment would have passed";
  EXPECT_TRUE(report(2, 0, 1500, kFromPeer6).empty());
  EXPECT_TRUE(report(2, 0, 0x10000500, kFromPeer6).empty());
  EXPECT_TRUE(report(2, 0, 1279, kFromPeer6).empty()) << "RFC 8201 section 4";
  EXPECT_EQ(counters().icmp_mtu_refused.get(), 4U);
  EXPECT_EQ(report(3, 4, 68, kFromPeer4).at(0).mtu, Config().path_mtu_minimum);
}

TEST_F(IcmpTest, ReportsNothingThatWeDidNotSend) {
  const Frame foreign = own_segment({ip("198.18.0.7"), kPeer4});
  const Frame other_own = own_segment({kFarmOwn, kPeer4});
  const Frame udp = own_segment({kOwn4, kPeer4}, wire::kProtocolUdp);
  Frame cut = own_segment({kOwn4, kPeer4});
  cut.resize(27);
  for (const Frame& quoted : {foreign, other_own, udp, cut, Frame{}}) {
    receive(icmp_frame(kFromPeer4, wire::kIcmpUnreachable, 1, 0, quoted));
  }
  EXPECT_TRUE(transport.failures.empty());
  EXPECT_EQ(counters().icmp_ignored.get(), 5U);
}

TEST_F(IcmpTest, RefusesUdpWithPortUnreachable) {
  for (const Journey& journey : {kFromPeer4, kFromPeer6}) {
    const Frame packet = ip_packet(journey, wire::kProtocolUdp, Frame(2000 - 600, 7));
    receive(ip_frame(kPeerToUs, packet));
    const auto sent = link.take();
    ASSERT_EQ(sent.size(), 1U);
    const Frame message = message_of(sent[0]);
    const bool v4 = journey.source.is_v4();
    EXPECT_EQ(message[0], v4 ? 3 : 1);
    EXPECT_EQ(message[1], v4 ? 3 : 4);
    EXPECT_EQ(sent[0].packet().size(), v4 ? 576U : 1280U);
    EXPECT_TRUE(std::equal(message.begin() + 8, message.end(), packet.begin()));
  }
  EXPECT_EQ(counters().icmp_errors_sent.get(), 2U);
}

TEST_F(IcmpTest, RefusesUnknownProtocols) {
  receive(ip_frame(kPeerToUs, ip_packet(kFromPeer4, 132, Frame(8))));
  Frame v6 = Frame{132, 0, 1, 4, 0, 0, 0, 0};
  receive(ip_frame(kPeerToUs, ip_packet(kFromPeer6, wire::kProtocolDestinationOptions, v6)));
  const auto sent = link.take();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(message_of(sent[0])[0], wire::kIcmpUnreachable);
  EXPECT_EQ(message_of(sent[0])[1], wire::kIcmpProtocolUnreachable);
  EXPECT_EQ(message_of(sent[1])[0], wire::kIcmpv6ParameterProblem);
  EXPECT_EQ(message_of(sent[1])[1], wire::kIcmpv6UnknownNextHeader);
  EXPECT_EQ(wire::load_be32(&message_of(sent[1])[4]), 40U);
  receive(ip_frame(kPeerToUs, ip_packet(kFromPeer6, wire::kProtocolNone, {})));
  EXPECT_TRUE(link.take().empty()) << "there is nothing to refuse";
}

TEST_F(IcmpTest, RefusesRoutesAndOptionsWithAPointerToThem) {
  const Frame route{wire::kProtocolTcp, 0, 0, 1, 0, 0, 0, 0};
  receive(ip_frame(kPeerToUs, ip_packet(kFromPeer6, wire::kProtocolRouting, route)));
  const Frame option{wire::kProtocolTcp, 0, 1, 0, 0x81, 0, 1, 0};
  receive(ip_frame(kPeerToUs, ip_packet(kFromPeer6, wire::kProtocolDestinationOptions, option)));
  const auto sent = link.take();
  ASSERT_EQ(sent.size(), 2U);
  EXPECT_EQ(message_of(sent[0])[1], wire::kIcmpv6ErroneousField);
  EXPECT_EQ(wire::load_be32(&message_of(sent[0])[4]), 42U);
  EXPECT_EQ(message_of(sent[1])[1], wire::kIcmpv6UnknownOption);
  EXPECT_EQ(wire::load_be32(&message_of(sent[1])[4]), 44U);
  EXPECT_EQ(counters().ip_extension.get(), 2U);
}

TEST_F(IcmpTest, NeverRefusesWhatWentToAGroup) {
  receive(
      ip_frame(kPeerToUs, ip_packet({kPeer4, ip("198.18.0.255")}, wire::kProtocolUdp, Frame(8))));
  receive(ip_frame(kPeerToUs, ip_packet({kPeer6, ip("ff02::1")}, wire::kProtocolUdp, Frame(8))));
  receive(ip_frame({kPeerMac, wire::kBroadcastMac},
                   ip_packet(kFromPeer4, wire::kProtocolUdp, Frame(8))));
  EXPECT_TRUE(link.take().empty());
  EXPECT_EQ(counters().ip_group.get(), 3U);
}

TEST_F(IcmpTest, LimitsErrors) {
  for (unsigned i = 0; i < Icmp::kErrorBurst + 10; ++i) {
    receive(ip_frame(kPeerToUs, ip_packet(kFromPeer4, wire::kProtocolUdp, Frame(8))));
  }
  EXPECT_EQ(link.take().size(), Icmp::kErrorBurst);
  EXPECT_EQ(counters().icmp_errors_limited.get(), 10U);
}

TEST_F(IcmpTest, SurvivesAPoolWithoutBuffers) {
  std::vector<Packet> hoard;
  Packet frame = sluice::testing::packet_of(
      *pool, ip_frame(kPeerToUs, ip_packet(kFromPeer4, wire::kProtocolUdp, Frame(8))));
  while (Packet packet = pool->allocate()) hoard.push_back(std::move(packet));
  receive(std::move(frame));
  EXPECT_EQ(counters().send_no_buffer.get(), 1U);
}

}  // namespace
}  // namespace sluice::ip::test
