#include "control/admin/sockets.h"

#include <algorithm>

namespace sluice::control {

AdminSockets::AdminSockets(const Config& config, CommandTable& commands)
    : list_("# socket lvl processes\n") {
  const ProcessConfig& process = config.process;
  if (process.admin_socket != kNone) {
    open(process.admin_socket, process.admin_mode, process.admin_level, commands);
  }
  for (const AdminConfig& admin : config.admins) {
    open(admin.socket.value, admin.mode, admin.level, commands);
  }
  commands.add("show cli sockets", "the admin sockets and what may be done over each",
               [list = list_](auto) { return Answer{list}; });
}

void AdminSockets::open(const std::string& path, std::uint32_t mode, AdminLevel level,
                        const CommandTable& commands) {
  sockets_.push_back({std::make_unique<AdminServer>(path, mode, commands, level)});
  list_ += "unix@" + path + " " + std::string(to_string(level)) + " all\n";
}

void AdminSockets::give_to(uid_t user, gid_t group) const {
  for (const Socket& socket : sockets_) socket.server->give_to(user, group);
}

void AdminSockets::add_to(std::vector<pollfd>& waits) {
  for (Socket& socket : sockets_) {
    const std::size_t before = waits.size();
    socket.server->add_to(waits);
    socket.waits = waits.size() - before;
  }
}

void AdminSockets::serve(std::span<const pollfd> found, AdminServer::Time now) {
  for (Socket& socket : sockets_) {
    socket.server->serve(found.first(socket.waits), now);
    found = found.subspan(socket.waits);
  }
}

bool AdminSockets::busy() const {
  return std::ranges::any_of(sockets_, [](const Socket& socket) { return socket.server->busy(); });
}

}  // namespace sluice::control
