#include "http/balancer.h"

#include <algorithm>

namespace sluice::http {

std::optional<ServerChoice> RoundRobin::choose(const Backend& backend, const ServerView& servers,
                                               std::span<const ServerId> tried, Instant now) {
  const std::size_t count = backend.servers.size();
  if (count == 0) return std::nullopt;
  const auto was_tried = [&](ServerId id) {
    return std::find(tried.begin(), tried.end(), id) != tried.end();
  };
  std::optional<std::size_t> tried_but_usable;
  for (std::size_t step = 0; step < count; ++step) {
    const std::size_t index = (next_ + step) % count;
    const ServerId id = backend.servers[index].id;
    if (!servers.health(id).usable(now)) continue;
    if (!was_tried(id)) {
      next_ = index + 1;
      return ServerChoice{index};
    }
    if (!tried_but_usable) tried_but_usable = index;
  }
  if (tried_but_usable) {
    next_ = *tried_but_usable + 1;
    return ServerChoice{*tried_but_usable};
  }
  // All are passed over: rather one that this request has not met yet.
  for (std::size_t step = 0; step < count; ++step) {
    const std::size_t index = (next_ + step) % count;
    if (was_tried(backend.servers[index].id)) continue;
    next_ = index + 1;
    return ServerChoice{index, true};
  }
  const std::size_t index = next_ % count;
  next_ = index + 1;
  return ServerChoice{index, true};
}

}  // namespace sluice::http
