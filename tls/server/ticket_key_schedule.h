#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include "tls/server/ticket_key_ring.h"

namespace sluice::tls {

/// Which keys the tickets have from one time to the next. They are either made here, a new one each
/// `rotation`, or given by an operator, who then is the one that replaces them. Belongs to one
/// thread; the workers see the rings that come of it.
class TicketKeySchedule {
 public:
  using Time = TicketKeyRing::Time;
  using Span = std::chrono::steady_clock::duration;

  /// The most keys at a time; a ticket's key is looked for in all of them.
  static constexpr std::size_t kMostKeys = 64;

  struct Settings {
    Span rotation = std::chrono::hours(12);  ///< less than `lifetime`
    /// Of a key that is made here, from its making; of a ticket of any key, from its issue.
    Span lifetime = std::chrono::hours(36);
  };

  enum class Added {
    kNext,         ///< accepted from now on; issues tickets when another one is added
    kIssuing,      ///< issues tickets at once, in place of those made here
    kKnownBefore,  ///< a key of this name is there already: nothing was changed
  };

  /// Keys made here, the first one now. Throws std::runtime_error when there is no randomness.
  TicketKeySchedule(const Settings& settings, Time now);
  /// Keys of an operator, 1 to kMostKeys with different names: the first one issues tickets, and
  /// all are accepted until others take their places.
  TicketKeySchedule(const Settings& settings, std::vector<std::shared_ptr<const TicketKey>> keys);

  /// Makes a key when it is time, and drops those that are too old. True when the ring is another
  /// one now. Throws std::runtime_error when there is no randomness.
  bool advance(Time now);

  /// Adds an operator's key. So that machines which are told one after the other accept each
  /// other's tickets meanwhile, it issues tickets from the next addition on; as HAProxy does it.
  /// Only in place of keys that are made here, which other machines do not know, it does at once.
  Added add(std::shared_ptr<const TicketKey> key, Time now);

  [[nodiscard]] TicketKeyRing ring() const { return {entries_, issuing_}; }
  /// Newest first.
  [[nodiscard]] const std::vector<TicketKeyRing::Entry>& entries() const { return entries_; }
  [[nodiscard]] std::size_t issuing() const { return issuing_; }

 private:
  void put_first(std::shared_ptr<const TicketKey> key, Time accepted_until);

  Settings settings_;
  std::vector<TicketKeyRing::Entry> entries_;
  std::size_t issuing_ = 0;
  Time next_rotation_;  ///< kUnlimited: the keys are an operator's
};

}  // namespace sluice::tls
