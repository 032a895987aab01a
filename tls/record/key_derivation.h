#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tls/record/suite.h"

namespace sluice::tls {

// What TLS derives its secrets and keys with. Nothing is looked up, no memory is taken and nothing
// fails: OpenSSL's functions for the same take several times as long.

/// The hash of `bytes` in the first hash_size(hash) bytes of `out`.
void digest(Hash hash, std::span<const std::uint8_t> bytes, std::span<std::uint8_t> out);

/// HKDF-Extract (RFC 5869 section 2.2). `out` takes hash_size(hash) bytes.
void extract(Hash hash, std::span<const std::uint8_t> salt, std::span<const std::uint8_t> key,
             std::span<std::uint8_t> out);

/// HKDF-Expand-Label (RFC 8446 section 7.1): `label` without "tls13 ", of at most 249 bytes,
/// `context` of at most 255, `out` of at most 255 times hash_size(hash).
void expand_label(Hash hash, std::span<const std::uint8_t> secret, std::string_view label,
                  std::span<const std::uint8_t> context, std::span<std::uint8_t> out);

/// TLS 1.2's pseudorandom function (RFC 5246 section 5), with label and seed one after the other in
/// `seeds`.
void tls12_prf(Hash hash, std::span<const std::uint8_t> secret,
               std::span<const std::span<const std::uint8_t>> seeds, std::span<std::uint8_t> out);

}  // namespace sluice::tls
