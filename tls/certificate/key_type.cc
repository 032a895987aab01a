#include "tls/certificate/key_type.h"

#include <array>

namespace sluice::tls {
namespace {

struct Properties {
  std::string_view name;
  std::array<std::uint16_t, 6> schemes;  // zeros at the end are none
};

// In the order of KeyType. TLS 1.3 ties a curve to its hash; 1.2 does not.
constexpr std::array<Properties, kKeyTypes> kTls13{{
    {"ECDSA P-256", {0x0403}},
    {"ECDSA P-384", {0x0503}},
    {"ECDSA P-521", {0x0603}},
    {"Ed25519", {0x0807}},
    {"Ed448", {0x0808}},
    {"RSA-PSS", {0x0809, 0x080a, 0x080b}},
    {"RSA", {0x0804, 0x0805, 0x0806}},
}};
constexpr std::array<std::uint16_t, 3> kTls12Ecdsa{0x0403, 0x0503, 0x0603};
constexpr std::array<std::uint16_t, 6> kTls12Rsa{0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601};

std::optional<KeyType> ecdsa_type(const EVP_PKEY* key) {
  char group[64] = {};
  if (EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) != 1) return {};
  const std::string_view name(group);
  if (name == SN_X9_62_prime256v1) return KeyType::kEcdsaP256;
  if (name == SN_secp384r1) return KeyType::kEcdsaP384;
  if (name == SN_secp521r1) return KeyType::kEcdsaP521;
  return {};
}

}  // namespace

std::optional<KeyType> key_type_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_EC:
      return ecdsa_type(key);
    case EVP_PKEY_ED25519:
      return KeyType::kEd25519;
    case EVP_PKEY_ED448:
      return KeyType::kEd448;
    case EVP_PKEY_RSA_PSS:
      return KeyType::kRsaPss;
    case EVP_PKEY_RSA:
      return KeyType::kRsa;
    default:
      return {};
  }
}

std::string_view name_of(KeyType type) {
  return kTls13[static_cast<std::size_t>(type)].name;
}

std::span<const std::uint16_t> signature_schemes(KeyType type, bool tls13) {
  if (!tls13 && type <= KeyType::kEcdsaP521) return kTls12Ecdsa;
  if (!tls13 && type == KeyType::kRsa) return kTls12Rsa;
  const auto& schemes = kTls13[static_cast<std::size_t>(type)].schemes;
  std::size_t count = 0;
  while (count < schemes.size() && schemes[count] != 0) ++count;
  return std::span(schemes).first(count);
}

}  // namespace sluice::tls
