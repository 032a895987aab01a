#pragma once

#include <openssl/crypto.h>

#include <array>
#include <cstdint>

#include "tls/record/suite.h"

namespace sluice::tls {

/// What the records of one direction are protected with. Wiped when it is destroyed.
class TrafficKeys {
 public:
  TrafficKeys() = default;
  TrafficKeys(const TrafficKeys&) = delete;
  TrafficKeys& operator=(const TrafficKeys&) = delete;
  ~TrafficKeys() { OPENSSL_cleanse(this, sizeof(*this)); }

  /// The number of the next record (RFC 8446 section 5.3).
  [[nodiscard]] std::uint64_t sequence() const {
    return std::uint64_t{sequence_high_} << 32 | sequence_low_;
  }
  void set_sequence(std::uint64_t number) {
    sequence_high_ = static_cast<std::uint32_t>(number >> 32);
    sequence_low_ = static_cast<std::uint32_t>(number);
  }
  void count_record() { set_sequence(sequence() + 1); }

  std::array<std::uint8_t, kNonceSize> iv{};          ///< of it, the suite's fixed_nonce_size()
  std::array<std::uint8_t, kMaxKeySize> key{};        ///< of it, the suite's key_size()
  std::array<std::uint8_t, kMaxSecretSize> secret{};  ///< with TLS 1.3: of it, hash_size()

 private:
  // In halves, so that a pair of these wastes nothing: every idle connection has one.
  std::uint32_t sequence_high_ = 0;
  std::uint32_t sequence_low_ = 0;
};
static_assert(sizeof(TrafficKeys) == 100);

}  // namespace sluice::tls
