#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "control/stats/text_table.h"
#include "tls/handshake_statistics.h"

namespace sluice::control {

/// How many handshakes with clients came to one end.
struct HandshakeCount {
  std::string kind;    ///< "full", "resumed" or "failed"
  std::string detail;  ///< the cipher suite; the reason
  std::uint64_t count = 0;
};

/// What all workers' handshakes came to; what never happened is left out.
std::vector<HandshakeCount> count_handshakes(
    std::span<const tls::HandshakeStatistics* const> workers);

/// Handshakes of all workers: a row for each cipher suite that was agreed on and for each reason
/// for which handshakes failed, with how often, and for percentiles of the time they took, in
/// microseconds. Full and resumed ones apart.
TextTable handshake_table(std::span<const tls::HandshakeStatistics* const> workers);

}  // namespace sluice::control
