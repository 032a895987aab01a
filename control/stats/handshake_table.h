#pragma once

#include <span>

#include "control/stats/text_table.h"
#include "tls/handshake_statistics.h"

namespace sluice::control {

/// Handshakes of all workers: a row for each cipher suite that was agreed on and for each reason
/// for which handshakes failed, with how often, and for percentiles of the time they took, in
/// microseconds. Full and resumed ones apart.
TextTable handshake_table(std::span<const tls::HandshakeStatistics* const> workers);

}  // namespace sluice::control
