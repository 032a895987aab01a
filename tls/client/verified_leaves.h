#pragma once

#include <cstddef>
#include <ctime>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tls/openssl_types.h"

namespace sluice::tls {

/// Remembers which certificates were found good for which name, so that a chain need not be built
/// again for each connection to the same server. Compares whole certificates (by SHA-256), and
/// forgets each after an hour, before it expires, and all of them when there are too many.
/// Allocates, so it may throw std::bad_alloc.
class VerifiedLeaves {
 public:
  static constexpr std::size_t kCapacity = 1024;
  static constexpr std::time_t kLifetime = 3600;  ///< seconds

  [[nodiscard]] bool contains(const X509* leaf, std::string_view name, std::time_t now) const;
  /// Notes that a certificate has been verified for a name just now.
  void add(const X509* leaf, std::string_view name, std::time_t now);

 private:
  std::unordered_map<std::string, std::time_t> until_;  // by digest and name
};

}  // namespace sluice::tls
