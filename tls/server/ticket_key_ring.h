#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "tls/server/ticket_key.h"

namespace sluice::tls {

/// The keys of tickets that count at a time: made once, never changed, replaced as a whole.
class TicketKeyRing {
 public:
  using Time = std::chrono::steady_clock::time_point;
  /// As long as the key is in the ring.
  static constexpr Time kUnlimited = Time::max();

  struct Entry {
    std::shared_ptr<const TicketKey> key;  ///< not null
    Time accepted_until = kUnlimited;
  };

  /// `entries` are the newest first. New tickets get the key of entry `issuing`, which exists.
  TicketKeyRing(std::vector<Entry> entries, std::size_t issuing)
      : entries_(std::move(entries)), issuing_(issuing) {}

  [[nodiscard]] const Entry& issuing() const { return entries_[issuing_]; }
  /// The entry whose key has this name, or null when there is none that is young enough.
  [[nodiscard]] const Entry* find(std::span<const std::uint8_t> name, Time now) const;
  /// Whether an entry of this ring comes behind the issuing one. Those before it are newer: other
  /// machines may issue with them already.
  [[nodiscard]] bool is_old(const Entry& entry) const { return &entry > &issuing(); }
  [[nodiscard]] const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
  std::size_t issuing_;
};

/// Where the handshakes of all workers find the ring that counts. They neither wait nor lock.
class TicketKeys {
 public:
  explicit TicketKeys(TicketKeyRing ring)
      : owned_(std::make_unique<const TicketKeyRing>(std::move(ring))), current_(owned_.get()) {}
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  /// For a worker, which lets go of the ring before the present pass of its loop ends.
  [[nodiscard]] const TicketKeyRing& ring() const {
    return *current_.load(std::memory_order_acquire);
  }

  /// For the thread that owns it: makes a ring the one that counts. Returns the one before, to be
  /// freed when every worker has ended the pass that it is in.
  [[nodiscard]] std::unique_ptr<const TicketKeyRing> replace(TicketKeyRing ring);

 private:
  std::unique_ptr<const TicketKeyRing> owned_;
  std::atomic<const TicketKeyRing*> current_;
};

}  // namespace sluice::tls
