#pragma once

#include <poll.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "control/admin/command_table.h"
#include "control/admin/server.h"
#include "control/config/config.h"

namespace sluice::control {

/// All admin sockets of a configuration, served together. Driven by the control loop.
class AdminSockets {
 public:
  /// What the path of the first one is when there shall be none.
  static constexpr std::string_view kNone = "none";

  /// Opens them. `commands`, to which 'show cli sockets' is added, outlives this. Throws
  /// std::runtime_error as ListeningSocket does.
  AdminSockets(const Config& config, CommandTable& commands);

  // As AdminServer has them.

  void give_to(uid_t user, gid_t group) const;
  void add_to(std::vector<pollfd>& waits);
  void serve(std::span<const pollfd> found, AdminServer::Time now);
  [[nodiscard]] bool busy() const;

 private:
  struct Socket {
    std::unique_ptr<AdminServer> server;
    std::size_t waits = 0;  // of these, in the list that add_to() wrote
  };

  void open(const std::string& path, std::uint32_t mode, AdminLevel level,
            const CommandTable& commands);

  std::vector<Socket> sockets_;
  std::string list_;
};

}  // namespace sluice::control
