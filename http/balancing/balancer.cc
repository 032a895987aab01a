#include "http/balancing/balancer.h"

namespace sluice::http {

void Balancer::adopt(const Backend& backend) {
  backend_ = &backend;
  if (kind_ != backend.balancing.algorithm) {
    kind_ = backend.balancing.algorithm;
    algorithm_ = make_algorithm(*kind_, worker_, seed_);
  }
  limited_ = backend.connection_limit != 0;
  for (const Server& server : backend.servers) limited_ = limited_ || server.connection_limit != 0;
  rotation_.adopt(backend);
  algorithm_->adopt(rotation_, backend);
}

ServerChoice Balancer::choose(std::span<const ServerId> tried, std::optional<std::uint64_t> key,
                              Instant now) {
  if (backend_full()) return {.kind = ServerChoice::Kind::kFull};
  Filter filter{.tried = tried, .now = now};
  ServerChoice choice = choose_in_tier(filter, key);
  if (choice.kind == ServerChoice::Kind::kNone && rotation_.has_backups()) {
    filter.backups = true;
    choice = choose_in_tier(filter, key);
    filter.backups = false;
  }
  return choice.kind == ServerChoice::Kind::kNone ? last_resort(filter, key) : choice;
}

ServerChoice Balancer::choose_in_tier(Filter filter, std::optional<std::uint64_t> key) {
  using Kind = ServerChoice::Kind;
  if (const auto index = algorithm_->choose(rotation_, filter, key)) return {Kind::kServer, *index};
  filter.tried_too = true;
  if (const auto index = algorithm_->choose(rotation_, filter, key)) return {Kind::kServer, *index};
  filter.full_too = true;
  return {.kind = any(filter) ? Kind::kFull : Kind::kNone};
}

// Servers that live traffic has failed on may be back before the next trial: better one attempt
// than none.
ServerChoice Balancer::last_resort(Filter filter, std::optional<std::uint64_t> key) {
  filter.passed_over = filter.full_too = true;
  for (const bool tried_too : {false, true}) {
    for (const bool backups : {false, true}) {
      filter.tried_too = tried_too;
      filter.backups = backups;
      if (const auto index = algorithm_->choose(rotation_, filter, key)) {
        return {ServerChoice::Kind::kServer, *index, true};
      }
    }
  }
  return {};
}

bool Balancer::has_place(Instant now) const {
  if (backend_full()) return false;
  Filter filter{.tried = {}, .now = now};
  for (const bool backups : {false, true}) {
    filter.backups = backups;
    filter.full_too = false;
    if (any(filter)) return true;
    filter.full_too = true;
    if (any(filter)) return false;
  }
  return true;
}

bool Balancer::backend_full() const {
  const std::uint32_t limit = backend_->connection_limit;
  return limit != 0 && fleet_.in_flight(backend_->id) >= limit;
}

bool Balancer::any(const Filter& filter) const {
  for (std::size_t index = 0; index < rotation_.size(); ++index) {
    if (rotation_.admits(index, filter)) return true;
  }
  return false;
}

}  // namespace sluice::http
