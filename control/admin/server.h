#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "control/admin/command_table.h"
#include "control/admin/session.h"
#include "control/admin/unix_socket.h"

namespace sluice::control {

/// The admin socket: any number of clients may come, a bounded number is served at once, and none
/// can hold up the control thread or another client. Driven by the control loop.
class AdminServer {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kMostClients = 32;

  /// `commands` must outlive the server. `level`: what its clients may do. Throws
  /// std::runtime_error as ListeningSocket does.
  AdminServer(const std::string& path, std::uint32_t mode, const CommandTable& commands,
              AdminLevel level = AdminLevel::kAdmin);

  /// As ListeningSocket does.
  void give_to(uid_t user, gid_t group) const { listener_.give_to(user, group); }
  /// Adds what to wait for.
  void add_to(std::vector<pollfd>& waits) const;
  /// Serves what poll() found, given the same part of the list that add_to() wrote, and ends the
  /// conversations of clients that were silent for too long.
  void serve(std::span<const pollfd> found, Time now);

  [[nodiscard]] std::size_t clients() const { return clients_.size(); }
  /// Whether an answer is being made: serve() is to be called again soon, whatever happens.
  [[nodiscard]] bool busy() const;

 private:
  struct Client {
    Client(FileDescriptor connection, const CommandTable& commands, AdminLevel level, Time now)
        : socket(std::move(connection)), session(commands, level), active(now) {}

    FileDescriptor socket;
    AdminSession session;
    Time active;
    bool gone = false;
  };

  void accept_all(Time now);
  static void serve_client(Client& client, short events, Time now);
  static void read_from(Client& client, Time now);
  static void write_to(Client& client, Time now);

  const CommandTable& commands_;
  AdminLevel level_;
  ListeningSocket listener_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace sluice::control
