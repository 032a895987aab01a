#pragma once

#include <memory>
#include <string>

#include "control/config/config.h"
#include "tls/server/ticket_key_ring.h"
#include "tls/server/ticket_key_schedule.h"

namespace sluice::control {

/// The keys of session tickets of a process that runs: from a file, or made here and replaced as
/// time passes. Belongs to the control thread; outlives all connections.
class TicketKeeper {
 public:
  using Time = tls::TicketKeyRing::Time;
  /// A ring to be freed when no worker can look at it any more; null: none was replaced.
  using Replaced = std::unique_ptr<const tls::TicketKeyRing>;

  /// Throws std::runtime_error with a message for the operator when the keys cannot be read.
  TicketKeeper(const ProcessConfig& config, Time now);

  /// For the workers' handshakes.
  [[nodiscard]] const tls::TicketKeys& keys() const { return keys_; }

  /// Replaces keys when it is time. Called at least once a second.
  [[nodiscard]] Replaced tend(Time now);

  struct Addition {
    tls::TicketKeySchedule::Added added;
    Replaced replaced;
  };
  /// Adds an operator's key, as TicketKeySchedule::add() does.
  [[nodiscard]] Addition add(std::shared_ptr<const tls::TicketKey> key, Time now);

  [[nodiscard]] const tls::TicketKeySchedule& schedule() const { return schedule_; }
  /// The file that keys were read from; empty: there is none.
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  std::string file_;
  tls::TicketKeySchedule schedule_;
  tls::TicketKeys keys_;
  bool failing_ = false;  // that was told of
};

}  // namespace sluice::control
