#pragma once

#include <cstdint>

namespace sluice::tcp {

/// F-RTO (RFC 5682): tells a timeout that came too early by what the ACKs after it acknowledge,
/// where there are no timestamps to tell it. After the first repair new data is sent instead of
/// more repairs; if that was an early timeout the next ACK covers what was never sent again.
class ForwardRto {
 public:
  enum class Verdict : std::uint8_t {
    kNone,
    kHold,      ///< repairs wait, new data may go
    kSpurious,  ///< nothing was lost
    kLoss,      ///< repairs go on
  };

  void start() { step_ = Step::kRepaired; }
  void stop() { step_ = Step::kOff; }
  [[nodiscard]] bool holds_repairs() const { return step_ == Step::kProbing; }

  /// An ACK in timeout recovery. `advanced`: it acknowledges something new, but not all that was
  /// sent before the timeout; `original`: something that was sent only once, before the timeout.
  Verdict on_acknowledged(bool advanced, bool original) {
    switch (step_) {
      case Step::kOff:
        return Verdict::kNone;
      case Step::kRepaired:
        step_ = advanced ? Step::kProbing : Step::kOff;
        return advanced ? Verdict::kHold : Verdict::kLoss;
      case Step::kProbing:
        step_ = Step::kOff;
        return original ? Verdict::kSpurious : Verdict::kLoss;
    }
    return Verdict::kNone;
  }

 private:
  enum class Step : std::uint8_t { kOff, kRepaired, kProbing };
  Step step_ = Step::kOff;
};

}  // namespace sluice::tcp
