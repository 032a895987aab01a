#include "dataplane/tcp/congestion/hystart.h"

#include <algorithm>

namespace sluice::tcp {
namespace {

// RFC 9406 section 4.3.
constexpr Duration kLeastDelay = std::chrono::milliseconds(4);
constexpr Duration kMostDelay = std::chrono::milliseconds(16);
constexpr int kDelayDivisor = 8;
constexpr std::uint8_t kSamples = 8;
constexpr std::uint32_t kConservativeDivisor = 4;
constexpr std::uint8_t kConservativeRounds = 5;

}  // namespace

bool HyStart::delayed() const {
  if (samples_ < kSamples || shortest_before_ == kNone) return false;
  const Duration tolerance = std::clamp(shortest_before_ / kDelayDivisor, kLeastDelay, kMostDelay);
  return shortest_ >= shortest_before_ + tolerance;
}

bool HyStart::on_acknowledged(SequenceNumber acknowledged, SequenceNumber sent, Duration sample) {
  shortest_ = std::min(shortest_, sample);
  if (samples_ < kSamples) ++samples_;
  if (conservative_rounds_ == 0) {
    if (delayed()) {
      baseline_ = shortest_;
      conservative_rounds_ = 1;
    }
  } else if (samples_ >= kSamples && shortest_ < baseline_) {
    // The longer round trips were no queue.
    baseline_ = kNone;
    conservative_rounds_ = 0;
  }
  return acknowledged >= round_end_ && end_round(sent);
}

bool HyStart::end_round(SequenceNumber sent) {
  round_end_ = sent;
  shortest_before_ = shortest_;
  shortest_ = kNone;
  samples_ = 0;
  return conservative_rounds_ > 0 && ++conservative_rounds_ > kConservativeRounds;
}

// Without the limit L of 8 segments an ACK: receivers that put segments together before they look
// at them acknowledge dozens at a time, and growth would no longer be exponential with them.
std::uint32_t HyStart::growth(std::uint32_t bytes) const {
  return conservative_rounds_ > 0 ? bytes / kConservativeDivisor : bytes;
}

}  // namespace sluice::tcp
