#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <vector>

#include "dataplane/ip/network_fixture.h"
#include "dataplane/wire/checksum.h"
#include "dataplane/wire/icmp.h"
#include "dataplane/wire/ipv4.h"
#include "dataplane/wire/ipv6.h"

// Whatever comes in: nothing is read out of bounds, nothing leaks, and the network still serves.
namespace sluice::ip::test {
namespace {

using sluice::testing::chain_of;
using sluice::testing::icmp_message;
using sluice::testing::ip_frame;
using sluice::testing::ip_packet;
using sluice::testing::tcp_segment;

constexpr std::size_t kIp = wire::EthernetHeader::kSize;

// A packet that ends where its allocation ends, so that the sanitizer sees every byte read behind
// it.
Packet packet_in_exact_memory(PacketPool& pool, const Frame& frame) {
  struct Memory {
    rte_mbuf_ext_shared_info info{};
    std::unique_ptr<std::uint8_t[]> bytes;
  };
  auto memory = std::make_unique<Memory>();
  const auto size = static_cast<std::uint16_t>(PacketPool::kHeadroom + frame.size());
  memory->bytes = std::make_unique<std::uint8_t[]>(size);
  std::copy(frame.begin(), frame.end(), memory->bytes.get() + PacketPool::kHeadroom);
  memory->info.free_cb = [](void* /*address*/, void* owned) { delete static_cast<Memory*>(owned); };
  memory->info.fcb_opaque = memory.get();
  rte_mbuf_ext_refcnt_set(&memory->info, 1);
  Packet packet = pool.allocate();
  rte_pktmbuf_attach_extbuf(packet.get(), memory->bytes.get(), 0, size, &memory->info);
  (void)memory.release();  // with the packet
  packet.get()->data_off = PacketPool::kHeadroom;
  packet.get()->data_len = static_cast<std::uint16_t>(frame.size());
  packet.get()->pkt_len = packet.get()->data_len;
  return packet;
}

// Makes the checksum of a mutated ICMP message right again, where there is one.
void mend_icmp(Frame& frame) {
  if (frame.size() < kIp + 48) return;
  const bool v4 = frame[12] == 0x08;
  const std::size_t offset = kIp + (v4 ? 20 : 40);
  const wire::Bytes packet = wire::Bytes(frame).subspan(kIp);
  const auto v6_header = wire::Ipv6Header::parse(packet);
  wire::InternetSum sum;
  std::size_t end = frame.size();
  if (v4) {
    if (const auto header = wire::Ipv4Header::parse(packet)) end = kIp + header->total_length();
  } else if (v6_header) {
    end = kIp + v6_header->total_length();
    sum = wire::pseudo_header_sum(v6_header->source(), v6_header->destination(),
                                  wire::kProtocolIcmpv6, static_cast<std::uint32_t>(end - offset));
  }
  if (end < offset + 8) return;
  wire::store_be16(&frame[offset + 2], 0);
  sum.add(wire::Bytes(frame).subspan(offset, end - offset));
  wire::store_be16(&frame[offset + 2], sum.checksum());
}

class HostileFrames : public NetworkTest {
 public:
  static std::vector<Frame> seeds() {
    std::vector<Frame> frames{arp(kPeerToUs, wire::kArpRequest, kPeer4, kOwn4),
                              arp(kPeerToUs, wire::kArpReply, kPeer4, kOwn4)};
    for (const Journey& in : {kFromPeer4, kFromPeer6}) {
      const bool v4 = in.source.is_v4();
      const std::uint8_t icmp = v4 ? 1 : 58;
      const Journey out{in.destination, in.source};
      const Frame quoted = ip_packet(out, wire::kProtocolTcp,
                                     tcp_segment(out, {443, 50000, 1, 0, wire::kAck, 0}, "quoted"));
      Frame large = quoted;
      wire::store_be16(&large[v4 ? 2 : 4], 1500);
      const Frame echo = icmp_message(in, v4 ? 8 : 128, 0, 1, Frame(20));
      const Frame error = icmp_message(in, v4 ? 3 : 2, v4 ? 4 : 0, 1280, large);
      frames.push_back(tcp_frame(in));
      frames.push_back(ip_frame(kPeerToUs, ip_packet(in, icmp, echo)));
      frames.push_back(ip_frame(kPeerToUs, ip_packet(in, icmp, error)));
      frames.push_back(ip_frame(kPeerToUs, ip_packet(in, wire::kProtocolUdp, Frame(30))));
    }
    const Frame asked = sluice::testing::solicitation_message(kFromPeer6, {kOwn6, kPeerMac});
    const Frame told =
        sluice::testing::advertisement_message(kFromPeer6, {kPeer6, kPeerMac, true, true});
    frames.push_back(ip_frame(kPeerToUs, ip_packet(kFromPeer6, 58, asked, 255)));
    frames.push_back(ip_frame(kPeerToUs, ip_packet(kFromPeer6, 58, told, 255)));
    Frame extended{43, 0, 5, 2, 0, 0, 1, 0, 60, 0, 0, 0, 0, 0, 0, 0, 6, 0, 1, 4, 0, 0, 0, 0};
    const Frame segment = tcp_segment(kFromPeer6, {50000, 443, 1, 0, wire::kAck, 1000});
    extended.insert(extended.end(), segment.begin(), segment.end());
    frames.push_back(ip_frame(kPeerToUs, ip_packet(kFromPeer6, 0, extended)));
    return frames;
  }

  // In one buffer or a few, with a random verdict of the port on the checksums: a "good" one lets
  // mutations through that a checksum would stop.
  void receive_at_random(const Frame& frame) {
    std::vector<std::size_t> sizes(random() % 3);
    for (auto& size : sizes) size = random() % 80;
    Packet packet =
        random() % 4 == 0 ? chain_of(*pool, frame, sizes) : packet_in_exact_memory(*pool, frame);
    if (random() % 2 == 0) {
      packet.get()->ol_flags |= RTE_MBUF_F_RX_IP_CKSUM_GOOD | RTE_MBUF_F_RX_L4_CKSUM_GOOD;
    }
    receive(std::move(packet), random() % 8 == 0 ? kFarm1 : kWan);
    if (random() % 16 != 0) return;
    send(kOwn4, kPeer4);
    send(kOwn6, kPeer6);
    clock.advance_by(milliseconds(random() % 50));
    wheel.advance(1000);
    link.sent.clear();
    transport.datagrams.clear();
    transport.failures.clear();
  }

  void expect_still_serving() {
    advance(seconds(5));
    link.take();
    transport.datagrams.clear();
    receive(tcp_frame());
    EXPECT_EQ(transport.datagrams.size(), 1U);
    receive(arp({kPeerMac, wire::kBroadcastMac}, wire::kArpRequest, kPeer4, kOwn4));
    EXPECT_FALSE(link.take().empty());
  }

  std::mt19937 random{21};
};

TEST_F(HostileFrames, RandomBytes) {
  constexpr std::array<std::uint16_t, 3> kTypes{wire::kEtherIpv4, wire::kEtherIpv6,
                                                wire::kEtherArp};
  for (int round = 0; round < 50000; ++round) {
    Frame frame(1 + random() % 200);
    for (auto& byte : frame) byte = static_cast<std::uint8_t>(random());
    if (frame.size() > kIp && random() % 4 != 0) {
      std::copy(kWanMac.bytes.begin(), kWanMac.bytes.end(), frame.begin());
      wire::store_be16(&frame[12], kTypes[random() % kTypes.size()]);
      frame[kIp] = random() % 2 == 0 ? 0x45 : 0x60;
    }
    receive_at_random(frame);
  }
  expect_still_serving();
}

TEST_F(HostileFrames, MutatedFrames) {
  for (const Frame& seed : seeds()) {
    for (int round = 0; round < 8000; ++round) {
      Frame frame = seed;
      for (unsigned i = random() % 4; i < 4; ++i) {
        frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
      }
      if (random() % 4 == 0) frame.resize(1 + random() % (frame.size() + 40));
      if (random() % 2 == 0) mend_icmp(frame);
      receive_at_random(frame);
    }
  }
  // The mutations got as far as they were meant to.
  for (const Counter Counters::*reached :
       {&Counters::datagrams_delivered, &Counters::icmp_errors_received, &Counters::echo_answered,
        &Counters::ndp_answered, &Counters::ndp_invalid, &Counters::ip_extension,
        &Counters::icmp_errors_sent}) {
    EXPECT_GT((counters().*reached).get(), 10U);
  }
  expect_still_serving();
}

TEST_F(HostileFrames, EveryPrefixOfEveryFrame) {
  for (const Frame& seed : seeds()) {
    for (std::size_t size = 1; size <= seed.size(); ++size) {
      receive(packet_in_exact_memory(*pool,
                                     Frame(seed.begin(), seed.begin() + static_cast<long>(size))));
    }
  }
  expect_still_serving();
}

}  // namespace
}  // namespace sluice::ip::test
