#pragma once

#include "control/admin/unix_socket.h"

namespace sluice::control {

/// Signals as something to wait for, together with sockets. Blocks them for this thread and those
/// it starts later.
class SignalQueue {
 public:
  /// Throws std::runtime_error.
  SignalQueue();

  [[nodiscard]] int fd() const { return fd_.get(); }
  /// The next signal that came, or 0.
  [[nodiscard]] int next() const;

 private:
  FileDescriptor fd_;
};

}  // namespace sluice::control
