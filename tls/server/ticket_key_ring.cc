#include "tls/server/ticket_key_ring.h"

#include <algorithm>
#include <utility>

namespace sluice::tls {

const TicketKeyRing::Entry* TicketKeyRing::find(std::span<const std::uint8_t> name,
                                                Time now) const {
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
    return now < entry.accepted_until && std::ranges::equal(entry.key->name(), name);
  });
  return found == entries_.end() ? nullptr : &*found;
}

std::unique_ptr<const TicketKeyRing> TicketKeys::replace(TicketKeyRing ring) {
  auto next = std::make_unique<const TicketKeyRing>(std::move(ring));
  current_.store(next.get(), std::memory_order_release);
  return std::exchange(owned_, std::move(next));
}

}  // namespace sluice::tls
