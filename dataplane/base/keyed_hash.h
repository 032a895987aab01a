#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice {

/// A secret of this process, drawn once at start from the system's random source.
struct HashKey {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
};

/// SipHash-1-3 (Aumasson and Bernstein, 2012) of `size` bytes: a keyed hash whose collisions a
/// remote host cannot aim for, and whose output tells it nothing of the key.
std::uint64_t keyed_hash(const HashKey& key, const void* data, std::size_t size);

/// A key from the system's random source. Throws std::runtime_error when there is none.
HashKey random_hash_key();

/// Puts another key from there in the place of `key`, which stays as it is when there is none. Does
/// not throw and, once the system has started, does not block: for use between packets.
void renew(HashKey& key) noexcept;

}  // namespace sluice
