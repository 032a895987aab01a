#pragma once

#include <openssl/crypto.h>

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/base/undumped_memory.h"

namespace sluice::tls {

/// Bytes that may be a private key: left out of core dumps, and wiped when they are freed.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::span<const std::uint8_t> bytes) : bytes_(bytes.begin(), bytes.end()) {}
  ~SecretBytes() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  // A vector that is moved hands its memory over; one that was assigned to would leave its own.
  SecretBytes(SecretBytes&&) noexcept = default;
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    bytes_.swap(other.bytes_);
    return *this;
  }

  [[nodiscard]] std::span<const std::uint8_t> view() const { return bytes_; }

 private:
  std::vector<std::uint8_t, undumped::Allocator<std::uint8_t>> bytes_;
};

}  // namespace sluice::tls
