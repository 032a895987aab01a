#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "control/admin/unix_socket.h"

namespace sluice::control {

/// Who started the process as a service, such as systemd, and is told of its state by
/// sd_notify(3)'s protocol: datagrams of lines to a Unix socket. Without one, nothing is told. A
/// manager that does not take a datagram holds nobody up for long.
class ServiceManager {
 public:
  /// The one of NOTIFY_SOCKET, if there is one.
  ServiceManager();
  /// The one at a socket: a path, or a name in the abstract name space with '@' in front. Empty:
  /// nobody. A socket that cannot be reached is a warning in the log.
  explicit ServiceManager(const std::string& socket);

  /// Whether somebody is told.
  [[nodiscard]] bool present() const { return static_cast<bool>(socket_); }

  /// The process serves.
  void ready() const { tell("READY=1"); }
  /// A reload begins; ready() is to follow.
  void reloading() const;
  /// The process ends, which may take so long.
  void stopping(std::chrono::microseconds patience) const;
  /// A line for people. The same twice is told once.
  void status(std::string_view line);
  /// The process is alive.
  void alive() const { tell("WATCHDOG=1"); }

 private:
  void tell(const std::string& lines) const;

  FileDescriptor socket_;
  std::string status_;
};

/// How long the service manager waits between two signs of life, by WATCHDOG_USEC; nothing when it
/// does not wait for any of this process.
std::optional<std::chrono::microseconds> watchdog_patience();

}  // namespace sluice::control
