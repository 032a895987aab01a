#include "tls/record/key_derivation.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::tls {
namespace {

using Bytes = std::vector<std::uint8_t>;

Bytes octets(std::string_view digits) {
  Bytes bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

Bytes of(std::string_view text) {
  return {text.begin(), text.end()};
}

Bytes extracted(Hash hash, const Bytes& salt, const Bytes& key) {
  Bytes out(hash_size(hash));
  extract(hash, salt, key, out);
  return out;
}

Bytes expanded(Hash hash, const Bytes& secret, std::string_view label, const Bytes& context,
               std::size_t size) {
  Bytes out(size);
  expand_label(hash, secret, label, context, out);
  return out;
}

// RFC 8448 section 3: from nothing to the handshake secret.
TEST(KeyDerivation, ClimbsFromSecretToSecretAsInRfc8448) {
  constexpr Hash kHash = Hash::kSha256;
  const Bytes early = extracted(kHash, Bytes(32), Bytes(32));
  EXPECT_EQ(early, octets("33ad0a1c607ec03b09e6cd9893680ce210adf300aa1f2660e1b22e10f170f92a"));
  Bytes nothing(32);
  digest(kHash, {}, nothing);
  const Bytes salt = expanded(kHash, early, "derived", nothing, 32);
  EXPECT_EQ(salt, octets("6f2615a108c702c5678f54fc9dbab69716c076189c48250cebeac3576c3611ba"));
  const Bytes shared = octets("8bd4054fb55b9d63fdfbacf9f04b9f0d35e6d63f537563efd46272900f89492d");
  EXPECT_EQ(extracted(kHash, salt, shared),
            octets("1dc826e93606aa6fdc0aadc12f741b01046aa6b99f691ed221a9f0ca043fbeac"));
}

// RFC 5869 appendix A.1.
TEST(KeyDerivation, ExtractsAsInRfc5869) {
  EXPECT_EQ(extracted(Hash::kSha256, octets("000102030405060708090a0b0c"), Bytes(22, 0x0b)),
            octets("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
}

// RFC 4231 section 4.7 (test case 6): its HMAC is what extraction is.
TEST(KeyDerivation, TakesAKeyThatIsLongerThanTheDigestsBlock) {
  const Bytes key(131, 0xaa);
  const Bytes message = of("Test Using Larger Than Block-Size Key - Hash Key First");
  EXPECT_EQ(extracted(Hash::kSha256, key, message),
            octets("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
  EXPECT_EQ(extracted(Hash::kSha384, key, message),
            octets("4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"
                   "0c2ef6ab4030fe8296248df163f44952"));
}

TEST(KeyDerivation, ShorterOutputOfThePrfIsTheBeginningOfLonger) {
  const Bytes secret(48, 5);
  const Bytes label = of("key expansion");
  const Bytes random(64, 7);
  const std::array<std::span<const std::uint8_t>, 2> seeds = {label, random};
  for (const Hash hash : {Hash::kSha256, Hash::kSha384}) {
    Bytes whole(200);
    tls12_prf(hash, secret, seeds, whole);
    for (const std::size_t size : {1U, 31U, 32U, 33U, 47U, 48U, 49U, 96U, 199U}) {
      Bytes some(size);
      tls12_prf(hash, secret, seeds, some);
      EXPECT_EQ(some, Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    }
  }
}

// The seeds stand for their concatenation.
TEST(KeyDerivation, ThePrfDoesNotHeedWhereSeedsAreDivided) {
  const Bytes secret(48, 5);
  const Bytes seed = of("master secret and so on");
  Bytes whole(48);
  Bytes divided(48);
  const std::array<std::span<const std::uint8_t>, 1> one = {seed};
  const std::array<std::span<const std::uint8_t>, 3> three = {
      std::span(seed).first(5), std::span(seed).subspan(5, 0), std::span(seed).subspan(5)};
  tls12_prf(Hash::kSha256, secret, one, whole);
  tls12_prf(Hash::kSha256, secret, three, divided);
  EXPECT_EQ(whole, divided);
}

}  // namespace
}  // namespace sluice::tls
