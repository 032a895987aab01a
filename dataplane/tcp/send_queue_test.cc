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
      const std::size_t read = queue.read(offset, size, packet, *pool, random() % 2 == 0);
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
  ASSERT_EQ(queue.read(0, 1400, packet, *pool, true), 1400U);
  EXPECT_FALSE(packet.contiguous());
}

TEST(SendQueue, NeverWritesBehindASharedBuffer) {
  TestPool pool(64);
  SendQueue queue;
  Packet shared = pool.packet(std::string(1000, 'a') + std::string(400, 'b'));
  queue.append(ByteChain(pool->share(*shared.get(), 0, 1000)));
  queue.append(ByteChain(pool.packet("tail")));
  Packet packet = pool->allocate();
  ASSERT_EQ(queue.read(0, 1004, packet, *pool, true), 1004U);
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
  EXPECT_EQ(queue.read(0, 1000, packet, *pool, true), 0U);
}

}  // namespace
}  // namespace sluice::tcp
