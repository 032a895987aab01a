#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/base/undumped_memory.h"
#include "tls/record/suite.h"

namespace sluice::tls {

enum class Direction : std::uint8_t { kSealing, kOpening };

/// One AEAD in one direction: it is given a key, then record after record, each piece by piece.
class RecordCipher : public undumped::Object {
 public:
  using Nonce = std::array<std::uint8_t, kNonceSize>;
  using Tag = std::array<std::uint8_t, kTagSize>;

  virtual ~RecordCipher() = default;

  // All return false when the library has no memory.

  /// `key` has the AEAD's size.
  [[nodiscard]] virtual bool set_key(std::span<const std::uint8_t> key) = 0;
  /// Begins a record; `associated` is authenticated with it.
  [[nodiscard]] virtual bool begin(const Nonce& nonce,
                                   std::span<const std::uint8_t> associated) = 0;
  /// Encrypts or decrypts the next piece, in place or not: `from.size()` bytes to `to`.
  [[nodiscard]] virtual bool apply(std::span<const std::uint8_t> from, std::uint8_t* to) = 0;
  /// Ends a record that is sealed.
  [[nodiscard]] virtual bool finish(Tag& tag) = 0;
  /// Ends a record that is opened. False as well when the tag is not the record's: what apply()
  /// gave is not to be believed.
  [[nodiscard]] virtual bool verify(const Tag& tag) = 0;

  /// Forgets the key; nothing is left of it in memory. A new one comes before the next record.
  virtual void wipe() = 0;
};

}  // namespace sluice::tls
