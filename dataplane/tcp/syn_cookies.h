#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "dataplane/base/keyed_hash.h"
#include "dataplane/base/time.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/segment.h"
#include "dataplane/tcp/sequence.h"

namespace sluice::tcp {

/// Answers to SYNs that need not be remembered (RFC 4987 section 3.6): what a half-open entry would
/// hold comes back with the peer's ACK, and a keyed hash tells that it was ours.
///
/// Our initial sequence number holds, from its high end, 28 bits of the hash, one of the period's
/// number, and three for the peer's segment size, rounded down to one of eight. The lowest six
/// bits of our timestamp, which the peer echoes, hold its window scale (15: none), whether it
/// permits SACK and whether it asks for ECN; a peer without timestamps gets none of them. The hash
/// covers all of it.
class SynCookies {
 public:
  /// A cookie is good for the rest of the period in which it was made, and for the next one. Each
  /// period has a secret of its own.
  static constexpr Duration kPeriod = std::chrono::seconds(60);

  struct Cookie {
    SequenceNumber initial_send;  ///< for the SYN-ACK
    Negotiated negotiated;        ///< what it can keep of the peer's options
  };

  explicit SynCookies(const Clock& clock) : clock_(clock) {}

  /// For a SYN that offers `offered`.
  [[nodiscard]] Cookie make(const Segment& syn, const Negotiated& offered);

  /// The timestamp for a cookie's SYN-ACK, given the one it would have had otherwise: the nearest
  /// before it that holds what was negotiated. So timestamps never go backwards.
  static std::uint32_t mark(std::uint32_t timestamp, const Negotiated& negotiated);

  /// Whether a cookie may still come back. Without one nothing can be guessed.
  [[nodiscard]] bool outstanding() const;

  /// What the SYN had said that led to this ACK, or nothing when it does not return a cookie of
  /// ours. Takes one hash at most.
  [[nodiscard]] std::optional<Negotiated> open(const Segment& ack) const;

 private:
  struct Secret {
    HashKey key;
    std::int64_t period = -2;  // long over
  };

  [[nodiscard]] std::int64_t period() const { return clock_.now().time_since_epoch() / kPeriod; }
  [[nodiscard]] bool valid(const Secret& secret) const { return period() - secret.period <= 1; }

  const Clock& clock_;
  std::array<Secret, 2> secrets_;  // of even periods, of odd periods
};

}  // namespace sluice::tcp
