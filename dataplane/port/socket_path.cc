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

// 0, or why a connection to the socket is not to be had.
int try_connecting(const std::string& path, int type) {
  const int probe = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (probe < 0) return errno;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  const bool connected =
      connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  const int error = connected ? 0 : errno;
  close(probe);
  return error;
}

}  // namespace

void clear_socket_path(const std::string& path, int type) {
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
  // Nobody behind it: refused. A full queue of somebody who is there: EAGAIN.
  const int error = try_connecting(path, type);
  if (error == 0 || error == EAGAIN) {
    throw std::runtime_error("another process listens at " + path);
  }
  if (unlink(path.c_str()) != 0) {
    throw std::runtime_error("cannot remove the stale socket " + path + ": " +
                             std::strerror(errno));
  }
}

void require_listener(const std::string& path, int type) {
  const int error = try_connecting(path, type);
  if (error == 0 || error == EAGAIN) return;
  throw std::runtime_error("nobody listens at " + path + " (" + std::strerror(error) +
                           "); start the other side first, or use role=server");
}

}  // namespace sluice::port
