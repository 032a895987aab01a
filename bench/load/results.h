#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "bench/load/load_program.h"
#include "bench/load/statistics.h"
#include "control/dataplane.h"
#include "dataplane/base/histogram.h"

namespace sluice::load {

/// What all workers have seen up to some moment, added up.
struct Results {
  std::uint64_t connections_started = 0;
  std::uint64_t connections_opened = 0;
  std::uint64_t connections_closed = 0;
  std::uint64_t handshakes = 0;
  std::uint64_t handshakes_resumed = 0;
  std::uint64_t requests = 0;
  std::uint64_t responses = 0;
  std::uint64_t head_bytes = 0;
  std::uint64_t body_bytes = 0;
  std::uint64_t open = 0;
  std::uint64_t in_flight = 0;
  std::uint64_t due = 0;
  std::uint64_t late_starts = 0;
  std::uint64_t missed_starts = 0;
  std::vector<std::pair<unsigned, std::uint64_t>> statuses;  ///< those that came
  std::array<std::uint64_t, kFailures> failures{};

  std::map<tls::Failure, std::uint64_t> tls_failures;  ///< those that came

  Distribution connect;
  Distribution handshake;
  Distribution first_byte;
  Distribution total;

  // Of the dataplane.
  std::uint64_t retransmissions = 0;
  std::uint64_t segments_sent = 0;
  std::uint64_t segments_received = 0;
  std::uint64_t resets_sent = 0;
  std::uint64_t resets_received = 0;
  std::uint64_t time_wait = 0;       ///< now: connections that this side closed first, in TIME_WAIT
  std::uint64_t receive_drops = 0;   ///< packets the ports had no buffer or room for
  std::uint64_t transmit_drops = 0;  ///< packets the ports did not take
  std::uint64_t busy_cycles = 0;     ///< in passes of the loop that had something to do
  std::uint64_t cycles = 0;

  /// What came since `earlier`; `open`, `in_flight` and `time_wait` are of now.
  [[nodiscard]] Results since(const Results& earlier) const;

  [[nodiscard]] std::uint64_t failed() const;
  /// What the load is counted in: responses, or connections where nothing is asked.
  [[nodiscard]] std::uint64_t done(Mode mode) const {
    switch (mode) {
      case Mode::kConnect:
        return connections_opened;
      case Mode::kHandshake:
        return handshakes;
      default:
        return responses;
    }
  }
  /// The part of the workers' time that was spent on work, 0 to 1, since `earlier`.
  [[nodiscard]] double own_load(const Results& earlier) const;
  /// The same since the beginning.
  [[nodiscard]] double own_load() const { return own_load({}); }
};

Results collect(std::span<const std::unique_ptr<LoadProgram>> programs,
                const control::Dataplane& dataplane);

}  // namespace sluice::load
