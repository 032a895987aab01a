#include "http/balancing/rotation.h"

#include <algorithm>

namespace sluice::http {
namespace {

// How old the other workers' loads may be: some requests' time, so that a burst of choices reads
// them once.
constexpr Duration kNoteEvery = std::chrono::microseconds(50);

}  // namespace

void Rotation::adopt(const Backend& backend) {
  servers_.clear();
  slow_start_ = backend.balancing.slow_start;
  uniform_ = slow_start_ == Duration::zero();
  has_backups_ = false;
  noted_ = {};
  WorkerLoad& own = fleet_.load(worker_);
  for (const Server& server : backend.servers) {
    servers_.push_back({.id = server.id,
                        .weight = server.weight,
                        .limit = server.connection_limit,
                        .ready = server.mode == ServerMode::kReady && server.weight != 0,
                        .backup = server.backup,
                        .state = &fleet_.server(server.id),
                        .own = &own.servers[server.id.index()]});
    uniform_ = uniform_ && server.weight == backend.servers.front().weight;
    has_backups_ = has_backups_ || server.backup;
  }
}

bool Rotation::admits(std::size_t index, const Filter& filter) const {
  const Entry& entry = servers_[index];
  if (!entry.ready || entry.backup != filter.backups) return false;
  if (filter.passed_over ? entry.state->out() : !entry.state->fit(filter.now)) return false;
  if (!filter.tried_too &&
      std::find(filter.tried.begin(), filter.tried.end(), entry.id) != filter.tried.end()) {
    return false;
  }
  return filter.full_too || !full(entry);
}

bool Rotation::full(const Entry& entry) const {
  return entry.limit != 0 && entry.own->get() + elsewhere(entry.id) >= entry.limit;
}

std::uint64_t Rotation::elsewhere(ServerId id) const {
  std::uint64_t sum = 0;
  for (std::uint32_t worker = 0; worker < fleet_.workers(); ++worker) {
    if (worker == worker_) continue;
    const Counter* load = fleet_.load(worker).servers.find(id.index());
    if (load != nullptr) sum += load->get();
  }
  return sum;
}

std::uint64_t Rotation::load(std::size_t index) const {
  return servers_[index].own->get() + elsewhere(servers_[index].id);
}

void Rotation::note_others(Instant now) {
  if (fleet_.workers() == 1 || now - noted_ < kNoteEvery) return;
  noted_ = now;
  for (Entry& entry : servers_) entry.others = elsewhere(entry.id);
}

std::uint32_t Rotation::weight(std::size_t index, Instant now) const {
  const std::uint32_t full = full_weight(index);
  if (slow_start_ == Duration::zero()) return full;
  const Instant since = servers_[index].state->in_rotation_since();
  if (now >= since + slow_start_) return full;
  const Duration elapsed = std::max(now - since, slow_start_ / 10);
  const auto part = static_cast<std::uint64_t>(elapsed.count()) * full /
                    static_cast<std::uint64_t>(slow_start_.count());
  return std::max<std::uint32_t>(1, static_cast<std::uint32_t>(part));
}

}  // namespace sluice::http
