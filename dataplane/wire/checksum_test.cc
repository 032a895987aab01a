#include "dataplane/wire/checksum.h"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

#include "dataplane/testing/eal.h"
#include "dataplane/testing/frames.h"

namespace sluice::wire {
namespace {

using testing::chain_of;
using testing::Frame;
using testing::ip;
using testing::TestPool;

// RFC 1071 word by word.
std::uint16_t slow_sum(Bytes bytes) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? std::uint32_t{bytes[i]} << 8 : bytes[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return static_cast<std::uint16_t>(sum);
}

std::uint16_t fast_sum(Bytes bytes) {
  InternetSum sum;
  sum.add(bytes);
  return sum.sum();
}

Frame random_bytes(std::mt19937& random, std::size_t size) {
  Frame bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return bytes;
}

TEST(InternetSum, SumsTheExampleOfRfc1071) {
  const std::array<std::uint8_t, 8> bytes{0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};
  EXPECT_EQ(fast_sum(bytes), 0xddf2);
}

TEST(InternetSum, EqualsTheSlowSumAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  const Frame bytes = random_bytes(random, 300);
  for (std::size_t offset = 0; offset < 9; ++offset) {
    for (std::size_t size = 0; size + offset <= bytes.size(); ++size) {
      const Bytes piece = Bytes(bytes).subspan(offset, size);
      ASSERT_EQ(fast_sum(piece), slow_sum(piece)) << offset << " " << size;
    }
  }
}

TEST(InternetSum, CarriesNothingAwayFromLargeValues) {
  for (const std::size_t size : {1U, 2U, 3U, 1460U, 1461U, 9000U, 65535U}) {
    const Frame bytes(size, 0xff);
    EXPECT_EQ(fast_sum(bytes), slow_sum(bytes)) << size;
  }
}

TEST(InternetSum, OddPiecesContinueInsideAWord) {
  std::mt19937 random(2);
  for (int round = 0; round < 2000; ++round) {
    const Frame bytes = random_bytes(random, random() % 400);
    InternetSum sum;
    for (Bytes rest(bytes); !rest.empty();) {
      const std::size_t size = random() % (rest.size() + 1);
      sum.add(rest.first(size));
      rest = rest.subspan(size);
    }
    ASSERT_EQ(sum.sum(), slow_sum(bytes));
  }
}

TEST(InternetSum, OddChainsSumLikeOneBuffer) {
  TestPool pool;
  std::mt19937 random(3);
  for (int round = 0; round < 500; ++round) {
    const Frame bytes = random_bytes(random, 1 + random() % 1500);
    std::vector<std::size_t> sizes(random() % 6);
    for (auto& size : sizes) size = random() % 200;
    const Packet chain = chain_of(*pool, bytes, sizes);
    const std::size_t offset = random() % (bytes.size() + 1);
    InternetSum sum;
    sum.add_chain(*chain.get(), offset);
    ASSERT_EQ(sum.sum(), slow_sum(Bytes(bytes).subspan(offset)));
  }
}

TEST(InternetSum, VerifiesWhatItsChecksumCompletes) {
  std::mt19937 random(4);
  for (int round = 0; round < 500; ++round) {
    Frame bytes = random_bytes(random, 20 + random() % 100);
    store_be16(&bytes[10], 0);
    InternetSum sum;
    sum.add(bytes);
    store_be16(&bytes[10], sum.checksum());
    InternetSum again;
    again.add(bytes);
    EXPECT_TRUE(again.verifies());
    bytes[random() % bytes.size()] ^= 1;
    InternetSum damaged;
    damaged.add(bytes);
    EXPECT_FALSE(damaged.verifies());
  }
}

TEST(PseudoHeader, IsThatOfEitherFamily) {
  const std::array<std::uint8_t, 12> v4{198, 18, 0, 1, 198, 19, 255, 2, 0, 6, 0x12, 0x34};
  EXPECT_EQ(pseudo_header_sum(ip("198.18.0.1"), ip("198.19.255.2"), 6, 0x1234).sum(), slow_sum(v4));
  std::array<std::uint8_t, 40> v6{0x20, 0x01, 0x0d, 0xb8};
  v6[15] = 1;
  v6[16] = 0xfe;
  v6[17] = 0x80;
  v6[31] = 2;
  v6[33] = 1;  // length 0x10007
  v6[35] = 7;
  v6[39] = 58;
  EXPECT_EQ(pseudo_header_sum(ip("2001:db8::1"), ip("fe80::2"), 58, 0x10007).sum(), slow_sum(v6));
}

TEST(UpdatedChecksum, EqualsTheChecksumMadeAnew) {
  std::mt19937 random(5);
  for (int round = 0; round < 5000; ++round) {
    Frame bytes = random_bytes(random, 40);
    const auto before = static_cast<std::uint16_t>(~slow_sum(bytes));
    const std::size_t at = 2 * (random() % 20);
    const std::uint16_t old_value = load_be16(&bytes[at]);
    const auto new_value = static_cast<std::uint16_t>(random());
    store_be16(&bytes[at], new_value);
    const auto after = static_cast<std::uint16_t>(~slow_sum(bytes));
    ASSERT_EQ(updated_checksum(before, old_value, new_value), after);
  }
}

}  // namespace
}  // namespace sluice::wire
