#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/base/time.h"
#include "http/balancing/fleet_state.h"
#include "http/settings.h"

namespace sluice::http {

/// Which servers a choice may fall on.
struct Filter {
  std::span<const ServerId> tried;  ///< where this request has failed
  Instant now;
  bool backups = false;      ///< the backup servers, instead of the others
  bool tried_too = false;    ///< also those where it has failed
  bool passed_over = false;  ///< also those that live traffic has failed on
  bool full_too = false;     ///< also those at their limit
};

/// The servers of one backend, as one worker sees them when it chooses: fitness and load are those
/// of the whole process. Servers are numbered as in the snapshot, Backend::servers.
class Rotation {
 public:
  /// A weight of 1, so that a server in its slow start can have less.
  static constexpr std::uint32_t kOneWeight = 256;

  Rotation(FleetState& fleet, std::uint32_t worker) : fleet_(fleet), worker_(worker) {}

  /// Takes over a snapshot's servers; the snapshot stays until the next call.
  void adopt(const Backend& backend);

  [[nodiscard]] std::size_t size() const { return servers_.size(); }
  [[nodiscard]] ServerId id(std::size_t index) const { return servers_[index].id; }
  [[nodiscard]] bool has_backups() const { return has_backups_; }
  [[nodiscard]] bool admits(std::size_t index, const Filter& filter) const;
  /// Exchanges in hand, over all workers.
  [[nodiscard]] std::uint64_t load(std::size_t index) const;
  /// The same, with the other workers' part as of the last note_others().
  [[nodiscard]] std::uint64_t noted_load(std::size_t index) const {
    return servers_[index].own->get() + servers_[index].others;
  }
  /// Reads the other workers' loads, unless that was done a moment ago. A choice that is late by
  /// that moment puts at most as many exchanges on a server as one worker begins in it.
  void note_others(Instant now);

  /// In parts of kOneWeight; less than configured in the slow start.
  [[nodiscard]] std::uint32_t weight(std::size_t index, Instant now) const;
  /// Its configured weight.
  [[nodiscard]] std::uint32_t full_weight(std::size_t index) const {
    return servers_[index].weight * kOneWeight;
  }
  /// Whether all servers have the same weight at all times.
  [[nodiscard]] bool uniform() const { return uniform_; }

 private:
  struct Entry {
    ServerId id;
    std::uint32_t weight;
    std::uint32_t limit;
    bool ready;
    bool backup;
    const ServerState* state;
    const Counter* own;
    std::uint64_t others = 0;
  };

  [[nodiscard]] bool full(const Entry& entry) const;
  [[nodiscard]] std::uint64_t elsewhere(ServerId id) const;

  FleetState& fleet_;
  std::uint32_t worker_;
  std::vector<Entry> servers_;
  Duration slow_start_{};
  Instant noted_{};
  bool uniform_ = true;
  bool has_backups_ = false;
};

}  // namespace sluice::http
