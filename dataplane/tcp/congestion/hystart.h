#pragma once

#include <cstdint>

#include "dataplane/base/time.h"
#include "dataplane/tcp/sequence.h"

namespace sluice::tcp {

/// HyStart++ (RFC 9406): ends slow start when round trips become longer, before the queue that this
/// shows overflows. Where that may have been a false alarm it goes on slowly for some rounds first
/// (conservative slow start).
class HyStart {
 public:
  /// `begin`: the first round ends when what was sent before it is acknowledged.
  explicit HyStart(SequenceNumber begin) : round_end_(begin) {}

  /// Data up to `acknowledged` is acknowledged, and something measured a round trip of `sample`;
  /// what was sent so far ends at `sent`. Returns whether slow start is over.
  bool on_acknowledged(SequenceNumber acknowledged, SequenceNumber sent, Duration sample);

  /// How much the window grows for `bytes` acknowledged.
  [[nodiscard]] std::uint32_t growth(std::uint32_t bytes) const;

 private:
  static constexpr Duration kNone = Duration::max();

  bool end_round(SequenceNumber sent);
  [[nodiscard]] bool delayed() const;

  SequenceNumber round_end_;
  std::uint8_t samples_ = 0;              // in this round, counted as far as needed
  std::uint8_t conservative_rounds_ = 0;  // zero: not conservative
  Duration shortest_before_ = kNone;      // in the round before
  Duration shortest_ = kNone;             // in this round
  Duration baseline_ = kNone;             // when it became conservative
};

}  // namespace sluice::tcp
