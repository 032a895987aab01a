#pragma once

#include <array>
#include <cstddef>

namespace sluice::tls {

/// Pieces of memory that were freed, by their size, for who takes memory next: a handshake takes
/// and frees some hundreds, many of them larger than what the C library keeps at hand. For one
/// thread; a piece may come from another one's. All of it is left out of core dumps, for much of
/// what OpenSSL has is secret.
class FreedMemory {
 public:
  /// Larger pieces are not kept.
  static constexpr std::size_t kLargest = std::size_t{20} * 1024;
  /// Of all pieces.
  static constexpr std::size_t kMostBytes = std::size_t{1024} * 1024;

  FreedMemory() = default;
  ~FreedMemory();
  FreedMemory(const FreedMemory&) = delete;
  FreedMemory& operator=(const FreedMemory&) = delete;

  /// As malloc() does.
  [[nodiscard]] void* take(std::size_t size);
  /// As free() does.
  void give(void* piece);
  [[nodiscard]] std::size_t bytes_kept() const { return bytes_; }

 private:
  struct Piece {
    Piece* next;
  };
  // The steps of undumped::take(): a piece of class N has 16 * N + 8 bytes at least.
  static constexpr std::size_t kClasses = kLargest / 16 + 1;

  std::array<Piece*, kClasses> kept_{};
  std::size_t bytes_ = 0;
};

/// Has OpenSSL take its memory so in all threads. To be called before anything else of OpenSSL's;
/// later it changes nothing. Nor does it under AddressSanitizer, which is to see what is freed.
void keep_freed_openssl_memory();

}  // namespace sluice::tls
