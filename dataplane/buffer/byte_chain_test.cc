#include "dataplane/buffer/byte_chain.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "dataplane/testing/eal.h"

namespace sluice {
namespace {

using testing::bytes_of;
using testing::TestPool;

std::span<const std::uint8_t> octets(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string pattern(std::size_t size, unsigned seed = 0) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + seed) % 26);
  return text;
}

TEST(ByteChain, CopiesSmallPiecesBehindEachOther) {
  TestPool pool;
  ByteChain chain;
  for (int i = 0; i < 50; ++i) chain.append(pool.packet("0123456789"));
  EXPECT_EQ(chain.size(), 500U);
  EXPECT_TRUE(chain.contiguous());
}

TEST(PacketPool, SharesByACopyWhatHasAsManyReferencesAsCanBeCounted) {
  TestPool pool;
  const Packet packet = pool.packet("0123456789");
  rte_mbuf_refcnt_set(packet.get(), 0xf000);
  const Packet copy = pool->share(*packet.get(), 2, 5);
  ASSERT_TRUE(copy);
  EXPECT_EQ(rte_mbuf_refcnt_read(packet.get()), 0xf000);
  EXPECT_NE(copy.front().data(), packet.front().data() + 2);
  EXPECT_EQ(std::string(copy.front().begin(), copy.front().end()), "23456");
  rte_mbuf_refcnt_set(packet.get(), 1);
}

TEST(ByteChain, DoesNotWriteIntoMemoryThatIsShared) {
  TestPool pool;
  const std::string text = pattern(1000);
  ByteChain first(pool.packet(text));
  ByteChain second;
  ASSERT_TRUE(first.move_front(600, second, *pool));
  second.append(pool.packet("tail"));
  EXPECT_EQ(bytes_of(first), text.substr(600));
  EXPECT_EQ(bytes_of(second), text.substr(0, 600) + "tail");
}

TEST(ByteChain, AppendCopySpansBuffersAndFailsWhole) {
  TestPool pool(8);
  ByteChain chain;
  ASSERT_TRUE(chain.append_copy(octets("start"), *pool));
  EXPECT_FALSE(chain.append_copy(octets(pattern(100000)), *pool));
  EXPECT_EQ(bytes_of(chain), "start");
  const std::string text = pattern(9000);
  ASSERT_TRUE(chain.append_copy(octets(text), *pool));
  EXPECT_EQ(bytes_of(chain), "start" + text);
}

TEST(ByteChain, MoveFrontFailsWholeWhenNoBufferIsLeft) {
  TestPool pool(2);
  ByteChain chain(pool.packet(pattern(500)));
  Packet hoarded = pool->allocate();
  ByteChain to;
  EXPECT_FALSE(chain.move_front(100, to, *pool));
  EXPECT_EQ(chain.size(), 500U);
  EXPECT_TRUE(to.empty());
}

TEST(ByteChain, RandomOperationsKeepTheBytes) {
  TestPool pool(4096);
  std::mt19937 random(11);
  auto seed = [&random] { return static_cast<unsigned>(random() % 26); };
  std::string expected;
  ByteChain chain;
  for (int round = 0; round < 3000; ++round) {
    const std::size_t size = random() % (round % 3 == 0 ? 2000 : 300);
    switch (random() % 6) {
      case 0: {
        const std::string text = pattern(size, seed());
        chain.append(pool.packet(text));
        expected += text;
        break;
      }
      case 1: {
        const std::string text = pattern(size * 2, seed());
        ASSERT_TRUE(chain.append_copy(octets(text), *pool));
        expected += text;
        break;
      }
      case 2:
        chain.drop_front(size);
        expected.erase(0, size);
        break;
      case 3: {
        ByteChain part;
        ASSERT_TRUE(chain.move_front(size, part, *pool));
        EXPECT_EQ(bytes_of(part), expected.substr(0, size));
        part.append(std::move(chain));
        chain = std::move(part);
        break;
      }
      case 4:
        if (expected.size() < 20000) break;
        chain.truncate(expected.size() - size);
        expected.resize(expected.size() - size);
        break;
      default: {
        if (expected.empty()) break;
        const std::size_t offset = random() % expected.size();
        std::string out(std::min(size, expected.size() - offset), '\0');
        chain.copy_out(offset, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
        EXPECT_EQ(out, expected.substr(offset, size));
        break;
      }
    }
    ASSERT_EQ(chain.size(), expected.size());
    if (expected.size() > 30000) {
      chain.clear();
      expected.clear();
    }
  }
  EXPECT_EQ(bytes_of(chain), expected);
}

}  // namespace
}  // namespace sluice
