#include "dataplane/tcp/send_queue.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/testing/eal.h"

namespace sluice::tcp {
namespace {

using ::sluice::testing::bytes_of;
using ::sluice::testing::TestPool;

TEST(SendQueue, ReadsAnyRangeInAnyOrderWhileBytesComeAndGo) {
  TestPool pool(2048);
  std::mt19937 random(9);
  SendQueue queue;
  std::string expected;
  for (int round = 0; round < 4000; ++round) {
    if (expected.size() < 30'000 && random() % 3 == 0) {
      std::string text(1 + random() % (random() % 2 == 0 ? 2000 : 50), '\0');
      for (char& c : text) c = static_cast<char>('a' + random() % 26);
      queue.append(ByteChain(pool.packet(text)));
      expected += text;
    } else if (!expected.empty() && random() % 2 == 0) {
      const std::size_t acknowledged = random() % std::min<std::size_t>(expected.size() + 1, 3000);
      queue.acknowledge(acknowledged);
      expected.erase(0, acknowledged);
    } else if (!expected.empty()) {
      const std::size_t offset = random() % expected.size();
      const std::size_t size = std::min<std::size_t>(1 + random() % 1448, expected.size() - offset);
      Packet packet = pool->allocate();
      const std::size_t read =
          queue.read(offset, size, packet, *pool, static_cast<SendQueue::Pieces>(random() % 3));
      ASSERT_GT(read, 0U);
      ASSERT_EQ(bytes_of(packet), expected.substr(offset, read));
      ASSERT_EQ(packet.size(), read);
    }
    ASSERT_EQ(queue.size(), expected.size());
  }
}

TEST(SendQueue, SharesLongRunsInsteadOfCopying) {
  TestPool pool(64);
  SendQueue queue;
  queue.append(ByteChain(pool.packet(std::string(1400, 'a'))));
  Packet packet = pool->allocate();
  ASSERT_EQ(queue.read(0, 1400, packet, *pool, SendQueue::Pieces::kAny), 1400U);
  EXPECT_FALSE(packet.contiguous());
}

TEST(SendQueue, CutsLargeBuffersForAPortThatTakesSmallPieces) {
  TestPool pool(1024);
  for (const auto pieces : {SendQueue::Pieces::kSmall, SendQueue::Pieces::kAny}) {
    SendQueue queue;
    Packet large = pool->allocate_large();
    ASSERT_TRUE(large);
    for (std::uint16_t i = 0; i < 10'000; ++i) *large.append(1) = static_cast<std::uint8_t>(i);
    const std::string expected = bytes_of(large);
    queue.append(ByteChain(std::move(large)));
    Packet packet = pool->allocate();
    ASSERT_EQ(queue.read(100, 9000, packet, *pool, pieces), 9000U);
    EXPECT_EQ(bytes_of(packet), expected.substr(100, 9000));
    std::uint16_t longest = 0;
    for (const rte_mbuf* piece = packet.get(); piece != nullptr; piece = piece->next) {
      longest = std::max(longest, piece->data_len);
    }
    EXPECT_EQ(longest, pieces == SendQueue::Pieces::kAny ? 9000 : PacketPool::kDataRoom);
  }
}

TEST(SendQueue, NeverWritesBehindASharedBuffer) {
  TestPool pool(64);
  SendQueue queue;
  Packet shared = pool.packet(std::string(1000, 'a') + std::string(400, 'b'));
  queue.append(ByteChain(pool->share(*shared.get(), 0, 1000)));
  queue.append(ByteChain(pool.packet("tail")));
  Packet packet = pool->allocate();
  ASSERT_EQ(queue.read(0, 1004, packet, *pool, SendQueue::Pieces::kAny), 1004U);
  EXPECT_EQ(bytes_of(packet), std::string(1000, 'a') + "tail");
  EXPECT_EQ(bytes_of(shared), std::string(1000, 'a') + std::string(400, 'b'));
}

TEST(SendQueue, SaysHowMuchItCouldReadWhenBuffersRunOut) {
  TestPool pool(4);
  SendQueue queue;
  Packet text = pool.packet(std::string(1000, 'a'));
  std::vector<Packet> references;
  references.reserve(4);
  for (int i = 0; i < 4; ++i) references.push_back(pool->share(*text.get(), 0, 10));
  queue.append(ByteChain(std::move(text)));
  Packet packet = pool->allocate();
  EXPECT_EQ(queue.read(0, 1000, packet, *pool, SendQueue::Pieces::kAny), 0U);
}

}  // namespace
}  // namespace sluice::tcp
