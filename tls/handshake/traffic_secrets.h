#pragma once

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "tls/record/suite.h"

namespace sluice::tls {

/// A traffic secret of TLS 1.3, or nothing. Wiped when it is destroyed.
class TrafficSecret {
 public:
  TrafficSecret() = default;
  ~TrafficSecret() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  TrafficSecret(const TrafficSecret&) = delete;
  TrafficSecret& operator=(const TrafficSecret&) = delete;

  /// Does nothing when it has more than kMaxSecretSize bytes.
  void set(std::span<const std::uint8_t> bytes) {
    if (bytes.size() > bytes_.size()) return;
    std::ranges::copy(bytes, bytes_.begin());
    size_ = static_cast<std::uint8_t>(bytes.size());
  }
  [[nodiscard]] std::span<const std::uint8_t> get() const { return std::span(bytes_).first(size_); }

 private:
  std::array<std::uint8_t, kMaxSecretSize> bytes_;
  std::uint8_t size_ = 0;
};

/// What the first keys for application data are made of (RFC 8446 section 7.1).
struct TrafficSecrets {
  TrafficSecret client;  ///< client_application_traffic_secret_0
  TrafficSecret server;  ///< server_application_traffic_secret_0
};

}  // namespace sluice::tls
