#pragma once

namespace sluice::control {

struct Answer;

/// An answer that takes time, or that is long: the control thread asks for it piece by piece and
/// does other things in between. It ends with its destruction when the client leaves earlier.
class LongAnswer {
 public:
  LongAnswer() = default;
  virtual ~LongAnswer() = default;
  LongAnswer(const LongAnswer&) = delete;
  LongAnswer& operator=(const LongAnswer&) = delete;

  /// Adds what is ready to `piece`, which is empty, or marks that as failed. Asked again every few
  /// milliseconds, once the client has taken the piece before, until it returns true: that was all.
  [[nodiscard]] virtual bool advance(Answer& piece) = 0;

  /// Whether it is bytes for a program: nothing is put behind them, and the conversation ends.
  [[nodiscard]] virtual bool ends_conversation() const { return false; }

  /// The client wants no more of such bytes: what is left of them is to be brought to a good end.
  virtual void stop() {}
};

}  // namespace sluice::control
