#pragma once

#include "dataplane/base/time.h"

namespace sluice::http {

/// What one worker knows of a server from its own connection attempts. After a failed one the
/// server is passed over for a while; then one attempt is let through to see.
class ServerHealth {
 public:
  /// Whether it may be chosen now without more ado: it is up, or its pause is over and nobody is
  /// trying it yet.
  [[nodiscard]] bool usable(Instant now) const { return !paused_ || now >= paused_until_; }
  [[nodiscard]] bool paused() const { return paused_; }

  /// To be told of every choice: an attempt after the pause is the only one for another pause.
  void chosen(Instant now, Duration pause) {
    if (paused_ && now >= paused_until_) paused_until_ = now + pause;
  }
  void failed(Instant now, Duration pause) {
    paused_ = true;
    paused_until_ = now + pause;
  }
  void succeeded() { paused_ = false; }

 private:
  bool paused_ = false;
  Instant paused_until_{};
};

}  // namespace sluice::http
