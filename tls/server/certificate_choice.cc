#include "tls/server/certificate_choice.h"

#include <algorithm>
#include <array>
#include <span>

namespace sluice::tls {
namespace {

// What a client's hello says of the signatures it can verify.
class Offer {
 public:
  explicit Offer(SSL* ssl) : ssl_(ssl), tls13_(SSL_version(ssl) >= TLS1_3_VERSION) {
    const int most = static_cast<int>(schemes_.size());
    const int count =
        std::min(most, SSL_get_sigalgs(ssl, -1, nullptr, nullptr, nullptr, nullptr, nullptr));
    for (int i = 0; i < count; ++i) {
      unsigned char low = 0;
      unsigned char high = 0;
      SSL_get_sigalgs(ssl, i, nullptr, nullptr, nullptr, &low, &high);
      schemes_[scheme_count_++] = static_cast<std::uint16_t>(high << 8 | low);
    }
  }

  [[nodiscard]] bool suits(KeyType type) const {
    if (!has_scheme(type)) return false;
    return tls13_ || (has_cipher(type) && has_curve(type));
  }

 private:
  [[nodiscard]] bool has_scheme(KeyType type) const {
    const auto offered = std::span(schemes_).first(scheme_count_);
    const auto good = signature_schemes(type, tls13_);
    return std::find_first_of(offered.begin(), offered.end(), good.begin(), good.end()) !=
           offered.end();
  }

  // In TLS 1.3 ciphers say nothing of signatures.
  [[nodiscard]] bool has_cipher(KeyType type) const {
    const bool rsa = type == KeyType::kRsa || type == KeyType::kRsaPss;
    const int wanted = rsa ? NID_auth_rsa : NID_auth_ecdsa;  // which Edwards curves go by, too
    const STACK_OF(SSL_CIPHER)* offered = SSL_get_client_ciphers(ssl_);
    const STACK_OF(SSL_CIPHER)* own = SSL_get_ciphers(ssl_);
    for (int i = 0; i < sk_SSL_CIPHER_num(own); ++i) {
      const SSL_CIPHER* cipher = sk_SSL_CIPHER_value(own, i);
      if (SSL_CIPHER_get_auth_nid(cipher) != wanted) continue;
      for (int j = 0; j < sk_SSL_CIPHER_num(offered); ++j) {
        if (sk_SSL_CIPHER_value(offered, j) == cipher) return true;
      }
    }
    return false;
  }

  // In TLS 1.2 a client's groups are curves of certificates, too (RFC 8422 section 5.1).
  [[nodiscard]] bool has_curve(KeyType type) const {
    constexpr std::array kCurves{NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1};
    if (type > KeyType::kEcdsaP521) return true;
    std::array<int, 256> groups;
    const long count = SSL_get1_groups(ssl_, nullptr);
    if (count <= 0 || count > static_cast<long>(groups.size())) return count == 0;
    SSL_get1_groups(ssl_, groups.data());
    const auto end = groups.begin() + count;
    return std::find(groups.begin(), end, kCurves[static_cast<std::size_t>(type)]) != end;
  }

  SSL* ssl_;
  bool tls13_;
  std::size_t scheme_count_ = 0;
  std::array<std::uint16_t, 64> schemes_;
};

constexpr std::uint32_t kNone = Candidates::kNone;

// The only one there is; kNone when there are several.
std::uint32_t only_one(const Candidates& candidates) {
  std::uint32_t only = kNone;
  for (std::size_t type = 0; type < kKeyTypes; ++type) {
    const std::uint32_t index = candidates.of(static_cast<KeyType>(type));
    if (index == kNone) continue;
    if (only != kNone) return kNone;
    only = index;
  }
  return only;
}

std::uint32_t best(const Candidates& candidates, const Offer& offer) {
  for (std::size_t type = 0; type < kKeyTypes; ++type) {
    const std::uint32_t index = candidates.of(static_cast<KeyType>(type));
    if (index != kNone && offer.suits(static_cast<KeyType>(type))) return index;
  }
  return kNone;
}

std::uint32_t any(const Candidates& candidates) {
  for (std::size_t type = kKeyTypes; type-- > 0;) {
    const std::uint32_t index = candidates.of(static_cast<KeyType>(type));
    if (index != kNone) return index;
  }
  return kNone;
}

std::uint32_t choose(SSL* ssl, const Candidates& first, const Candidates* second) {
  const std::uint32_t only = second == nullptr ? only_one(first) : kNone;
  if (only != kNone) return only;
  const Offer offer(ssl);
  std::uint32_t chosen = best(first, offer);
  if (chosen == kNone && second != nullptr) chosen = best(*second, offer);
  return chosen == kNone ? any(first) : chosen;
}

}  // namespace

const SharedCertificate& choose_certificate(SSL* ssl, const CertificateSet& certificates) {
  const char* asked = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const auto found = certificates.find(asked == nullptr ? std::string_view() : asked);
  const Candidates* first = found.exact != nullptr ? found.exact : found.wildcard;
  const Candidates* second = found.exact != nullptr ? found.wildcard : nullptr;
  if (first == nullptr) first = &certificates.fallback();
  return *certificates.certificates()[choose(ssl, *first, second)];
}

}  // namespace sluice::tls
