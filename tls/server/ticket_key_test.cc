#include "tls/server/ticket_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <new>
#include <numeric>
#include <vector>

namespace sluice::tls {
namespace {

// As `openssl base64 -A` writes the bytes 0 to 79 and 0 to 47.
constexpr std::string_view kLong =
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+"
    "P0BBQkNERUZH"
    "SElKS0xNTk8=";
constexpr std::string_view kShort =
    "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4v";

std::vector<std::uint8_t> counting(std::size_t first, std::size_t count) {
  std::vector<std::uint8_t> bytes(count);
  std::iota(bytes.begin(), bytes.end(), static_cast<std::uint8_t>(first));
  return bytes;
}

std::vector<std::uint8_t> list(std::span<const std::uint8_t> bytes) {
  return {bytes.begin(), bytes.end()};
}

TEST(TicketKey, EightyBytesAreANameAndTwoLongKeys) {
  const auto key = TicketKey::from_base64(kLong);
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(list(key->name()), counting(0, 16));
  EXPECT_EQ(list(key->cipher_key()), counting(16, 32));
  EXPECT_EQ(list(key->mac_key()), counting(48, 32));
  EXPECT_EQ(key->name_text(), "000102030405060708090a0b0c0d0e0f");
}

TEST(TicketKey, FortyEightBytesAreANameAndTwoShortKeys) {
  const auto key = TicketKey::from_base64(kShort);
  ASSERT_NE(key, nullptr);
  EXPECT_EQ(list(key->name()), counting(0, 16));
  EXPECT_EQ(list(key->cipher_key()), counting(16, 16));
  EXPECT_EQ(list(key->mac_key()), counting(32, 16));
}

TEST(TicketKey, OtherTextIsNone) {
  const std::string text(kLong);
  for (const std::string& other :
       {std::string(), std::string("A"), std::string("===="), std::string("AAAA"),
        text.substr(0, text.size() - 4), text + "AAAA", " " + text, text + "\n",
        text.substr(0, text.size() - 1), "!" + text.substr(1), "====" + text.substr(4),
        text.substr(0, text.size() - 4) + "Tk8A", std::string(100, 'A'), std::string(4096, 'A')}) {
    EXPECT_EQ(TicketKey::from_base64(other), nullptr) << other;
  }
}

TEST(TicketKey, RandomOnesDiffer) {
  const auto one = TicketKey::random();
  const auto other = TicketKey::random();
  EXPECT_NE(list(one->name()), list(other->name()));
  EXPECT_NE(list(one->cipher_key()), list(other->cipher_key()));
  EXPECT_NE(list(one->mac_key()), list(other->mac_key()));
  EXPECT_EQ(one->cipher_key().size(), 32U);
}

TEST(TicketKey, IsWipedWhenItGoes) {
  alignas(TicketKey) std::array<std::byte, sizeof(TicketKey)> memory{};
  const std::vector<std::uint8_t> bytes(TicketKey::kSize, 0xa5);
  const auto left = [&memory] { return std::ranges::count(memory, std::byte{0xa5}); };
  auto* key = new (memory.data()) TicketKey(bytes);
  EXPECT_EQ(left(), 80);
  key->~TicketKey();
  EXPECT_EQ(left(), 0);
}

}  // namespace
}  // namespace sluice::tls
