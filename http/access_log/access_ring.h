#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "http/access_log/access_record.h"

namespace sluice::http {

/// Records of one worker on their way to whoever writes them. The worker puts and one other thread
/// takes; nobody waits, and nothing is allocated. What finds no room is lost.
class AccessRing {
 public:
  /// At least kSmallest bytes; rounded up to a power of two.
  explicit AccessRing(std::size_t bytes);

  /// For the worker. Texts are cut to what is kept of them. False when there is no room.
  [[nodiscard]] bool put(const AccessEntry& entry);

  /// For the thread that writes: calls `f(entry)` for what was put up to now, in order. The texts
  /// live until `f` returns.
  template <typename F>
  std::size_t take(F&& f) {
    std::size_t count = 0;
    const std::uint64_t end = written_.load(std::memory_order_acquire);
    std::uint64_t at = taken_.load(std::memory_order_relaxed);
    AccessEntry entry;
    while (at != end) {
      if (read(at, entry)) {
        f(static_cast<const AccessEntry&>(entry));
        ++count;
      }
      taken_.store(at, std::memory_order_release);
    }
    return count;
  }

  [[nodiscard]] std::size_t size() const { return size_; }

  static constexpr std::size_t kSmallest = std::size_t{16} * 1024;

 private:
  // Positions grow for ever. A record lies in one piece: where it would not, the rest of the ring
  // is passed over.
  struct Place {
    std::uint64_t at;
    std::uint64_t end;
  };

  [[nodiscard]] bool find_place(std::size_t size, Place& place);
  bool read(std::uint64_t& at, AccessEntry& entry) const;
  [[nodiscard]] std::byte* bytes_at(std::uint64_t at) const { return bytes_.get() + (at & mask_); }

  std::size_t size_;
  std::size_t mask_;
  std::unique_ptr<std::byte[]> bytes_;
  alignas(64) std::atomic<std::uint64_t> written_{0};
  std::uint64_t known_taken_ = 0;  // the worker's copy, which spares it the other thread's line
  alignas(64) std::atomic<std::uint64_t> taken_{0};
};

}  // namespace sluice::http
