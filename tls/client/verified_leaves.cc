#include "tls/client/verified_leaves.h"

#include <openssl/evp.h>

#include <array>

namespace sluice::tls {
namespace {

// The certificate's digest, then the name; empty when there is no digest.
std::string key_of(const X509* leaf, std::string_view name) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (X509_digest(leaf, EVP_sha256(), digest.data(), &size) != 1) return {};
  std::string key(reinterpret_cast<const char*>(digest.data()), size);
  return key.append(name);
}

}  // namespace

bool VerifiedLeaves::contains(const X509* leaf, std::string_view name, std::time_t now) const {
  const std::string key = key_of(leaf, name);
  const auto found = until_.find(key);
  return !key.empty() && found != until_.end() && now < found->second;
}

void VerifiedLeaves::add(const X509* leaf, std::string_view name, std::time_t now) {
  std::time_t until = now + kLifetime;
  const bool expires_before = X509_cmp_time(X509_get0_notAfter(leaf), &until) <= 0;
  std::string key = key_of(leaf, name);
  if (expires_before || key.empty()) return;
  if (until_.size() >= kCapacity) until_.clear();
  until_.insert_or_assign(std::move(key), until);
}

}  // namespace sluice::tls
