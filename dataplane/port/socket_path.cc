#include "dataplane/port/socket_path.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace sluice::port {
namespace {

// 0 when a process holds the socket, or why not. A datagram socket cannot be connected to it and is
// told so, whereas nobody's socket refuses. A real connection would disturb the listener: DPDK's
// memif server panics when a client goes away at once.
int look_for_owner(const std::string& path) {
  const int probe = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return errno;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  const bool connected =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int error = connected || errno == EPROTOTYPE ? 0 : errno;
  close(probe);
  return error;
}

}  // namespace

void clear_socket_path(const std::string& path) {
  const std::string directory = path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
  if (access(directory.c_str(), F_OK) != 0) {
    throw std::runtime_error("directory " + directory + " does not exist; make it (mkdir -p " +
                             directory + ")");
  }
  if (access(directory.c_str(), W_OK) != 0) {
    throw std::runtime_error("directory " + directory + " is not writable for this user");
  }
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) {
    throw std::runtime_error(path + " exists and is not a socket");
  }
  if (look_for_owner(path) == 0) {
    throw std::runtime_error("another process listens at " + path);
  }
  if (unlink(path.c_str()) != 0) {
    throw std::runtime_error("cannot remove the stale socket " + path + ": " +
                             std::strerror(errno));
  }
}

void require_listener(const std::string& path) {
  const int error = look_for_owner(path);
  if (error == 0) return;
  throw std::runtime_error("nobody listens at " + path + " (" + std::strerror(error) +
                           "); start the other side first, or use role=server");
}

}  // namespace sluice::port
