#include "tls/record/key_schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tls {
namespace {

std::vector<std::uint8_t> octets(std::string_view digits) {
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::vector<std::uint8_t> first(std::span<const std::uint8_t> bytes, std::size_t size) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
}

// RFC 8448 section 3: the server's application traffic secret, and what comes of it.
constexpr std::string_view kServerSecret =
    "a11af9f05531f856ad47116b45a950328204b4f44bfb6b3a4b4f1f3fcb631643";

TEST(KeySchedule, DerivesTheKeysOfRfc8448) {
  TrafficKeys keys;
  keys.set_sequence(7);
  begin_keys({}, octets(kServerSecret), keys);
  EXPECT_EQ(first(keys.key, 16), octets("9f02283b6c9c07efc26bb9f2ac92e356"));
  EXPECT_EQ(first(keys.iv, 12), octets("cf782b88dd83549aadf1e984"));
  EXPECT_EQ(keys.sequence(), 0U);
}

TEST(KeySchedule, AnUpdateChangesEverythingAndBeginsCountingAnew) {
  for (const Aead aead : {Aead::kAes128Gcm, Aead::kAes256Gcm, Aead::kChaCha20Poly1305}) {
    const Suite suite{.aead = aead};
    TrafficKeys keys;
    begin_keys(suite, std::vector<std::uint8_t>(suite.hash_size(), 1), keys);
    const auto secret = keys.secret;
    const auto key = keys.key;
    const auto iv = keys.iv;
    keys.set_sequence(9);
    update_keys(suite, keys);
    EXPECT_NE(keys.secret, secret);
    EXPECT_NE(keys.key, key);
    EXPECT_NE(keys.iv, iv);
    EXPECT_EQ(keys.sequence(), 0U);
  }
}

TEST(KeySchedule, BothSidesOfTls12GetTheirOwnKeys) {
  for (const Aead aead : {Aead::kAes128Gcm, Aead::kAes256Gcm, Aead::kChaCha20Poly1305}) {
    const Suite suite{.aead = aead, .tls13 = false};
    TrafficKeys client;
    TrafficKeys server;
    const std::array<std::uint8_t, 64> randoms{1, 2, 3};
    begin_tls12_keys(suite, std::vector<std::uint8_t>(48, 5), randoms, client, server);
    EXPECT_NE(first(client.key, suite.key_size()), first(server.key, suite.key_size()));
    EXPECT_NE(first(client.iv, suite.fixed_nonce_size()),
              first(server.iv, suite.fixed_nonce_size()));
  }
}

TEST(TrafficKeys, CountMoreRecordsThanAHalfOfTheNumberHolds) {
  TrafficKeys keys;
  keys.set_sequence(0xffffffff);
  keys.count_record();
  EXPECT_EQ(keys.sequence(), 0x100000000U);
}

}  // namespace
}  // namespace sluice::tls
