#pragma once

#include <termios.h>

#include <chrono>
#include <span>
#include <string>

#include "control/admin/unix_socket.h"
#include "control/top/top_screen.h"

namespace sluice::control {

/// A terminal that shows whole screens and reads single keys, on standard output and input. As it
/// was before when this goes, for whatever reason but SIGKILL.
class Terminal {
 public:
  enum class Event { kNothing, kKey, kResized, kEnd };

  /// Takes SIGINT, SIGTERM, SIGHUP, SIGQUIT and SIGWINCH of this thread. Throws std::runtime_error
  /// when standard input is no terminal.
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] TopSize size() const;
  void show(std::span<const TopLine> lines);

  /// Waits for a key, another size or a signal to end, at most for so long.
  Event wait(std::chrono::milliseconds patience);
  /// The keys that were pressed: characters, or what the terminal sends for others ("\x1b[A").
  std::string keys();

 private:
  static void write(std::string_view bytes);

  termios before_{};
  FileDescriptor signals_;
};

}  // namespace sluice::control
