#include "tls/server/ticket_key_schedule.h"

#include <algorithm>
#include <utility>

namespace sluice::tls {

TicketKeySchedule::TicketKeySchedule(const Settings& settings, Time now)
    : settings_(settings), next_rotation_(now) {
  (void)advance(now);
}

TicketKeySchedule::TicketKeySchedule(const Settings& settings,
                                     std::vector<std::shared_ptr<const TicketKey>> keys)
    : settings_(settings), next_rotation_(TicketKeyRing::kUnlimited) {
  for (auto& key : keys) entries_.push_back({std::move(key), TicketKeyRing::kUnlimited});
}

bool TicketKeySchedule::advance(Time now) {
  const bool due = now >= next_rotation_;
  if (due) {
    put_first(TicketKey::random(), now + settings_.lifetime);
    next_rotation_ = now + settings_.rotation;
  }
  const auto dropped =
      std::erase_if(entries_, [now](const auto& entry) { return entry.accepted_until <= now; });
  return due || dropped > 0;
}

TicketKeySchedule::Added TicketKeySchedule::add(std::shared_ptr<const TicketKey> key, Time now) {
  const bool known = std::ranges::any_of(entries_, [&](const auto& entry) {
    return std::ranges::equal(entry.key->name(), key->name());
  });
  if (known) return Added::kKnownBefore;
  const bool made_here = next_rotation_ != TicketKeyRing::kUnlimited;
  next_rotation_ = TicketKeyRing::kUnlimited;
  const bool has_next = issuing_ > 0;
  // The last tickets of a key that issues no more are as old as that then.
  if (has_next) entries_[issuing_].accepted_until = now + settings_.lifetime;
  put_first(std::move(key), TicketKeyRing::kUnlimited);
  issuing_ = made_here ? 0 : 1;
  return made_here ? Added::kIssuing : Added::kNext;
}

void TicketKeySchedule::put_first(std::shared_ptr<const TicketKey> key, Time accepted_until) {
  entries_.insert(entries_.begin(), {std::move(key), accepted_until});
  if (entries_.size() > kMostKeys) entries_.pop_back();
}

}  // namespace sluice::tls
