#include "control/admin/unix_socket.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace sluice::control {
namespace {

constexpr int kBacklog = 64;

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw std::runtime_error("admin socket " + path + ": " + what);
}

[[noreturn]] void fail_by_errno(const std::string& path, const std::string& what) {
  fail(path, what + ": " + std::strerror(errno));
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail(path, "the path is too long (107 bytes)");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

FileDescriptor make_socket(const std::string& path, int flags) {
  FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!socket) fail_by_errno(path, "cannot make a socket");
  return socket;
}

int connect_to(const FileDescriptor& socket, const std::string& path) {
  const sockaddr_un address = address_of(path);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

// Who finds something at the path must not take it from its owner.
void check_vacant(const std::string& path) {
  struct stat present {};
  if (::lstat(path.c_str(), &present) != 0) {
    if (errno == ENOENT) return;
    fail_by_errno(path, "cannot be looked at");
  }
  if (!S_ISSOCK(present.st_mode)) fail(path, "a file that is not a socket is there");
  const FileDescriptor probe = make_socket(path, SOCK_NONBLOCK);
  if (connect_to(probe, path) == 0 || errno == EAGAIN) {
    fail(path, "another process serves it; is Sluice running already?");
  }
  if (errno != ECONNREFUSED) fail_by_errno(path, "cannot tell whether somebody serves it");
}

// Returns the directory, or nothing when it was there already.
std::string make_directory(const std::string& path) {
  const auto directory = std::filesystem::path(path).parent_path();
  std::error_code failed;
  if (directory.empty() || std::filesystem::exists(directory, failed)) return {};
  std::filesystem::create_directory(directory, failed);
  if (failed) fail(path, "cannot make " + directory.string() + ": " + failed.message());
  return directory.string();
}

}  // namespace

FileDescriptor::~FileDescriptor() {
  if (fd_ >= 0) ::close(fd_);
}

// The socket is made under another name and moved to its own when it listens with the right mode:
// nobody ever finds one that is half made.
ListeningSocket::ListeningSocket(std::string path, std::uint32_t mode) : path_(std::move(path)) {
  made_directory_ = make_directory(path_);
  check_vacant(path_);
  const std::string temporary = path_ + "." + std::to_string(::getpid());
  const sockaddr_un address = address_of(temporary);
  socket_ = make_socket(path_, SOCK_NONBLOCK);
  ::unlink(temporary.c_str());
  const mode_t old_mask = ::umask(0177);
  const int bound =
      ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  ::umask(old_mask);
  errno = error;
  if (bound != 0) fail_by_errno(path_, "cannot be made");
  if (::listen(socket_.get(), kBacklog) != 0 || ::chmod(temporary.c_str(), mode) != 0 ||
      ::rename(temporary.c_str(), path_.c_str()) != 0 || ::lstat(path_.c_str(), &identity_) != 0) {
    const std::string reason = std::strerror(errno);
    ::unlink(temporary.c_str());
    fail(path_, "cannot be made: " + reason);
  }
}

ListeningSocket::~ListeningSocket() {
  struct stat present {};
  if (::lstat(path_.c_str(), &present) != 0) return;
  if (present.st_dev == identity_.st_dev && present.st_ino == identity_.st_ino) {
    ::unlink(path_.c_str());
  }
}

void ListeningSocket::give_to(uid_t user, gid_t group) const {
  if (!made_directory_.empty() && ::lchown(made_directory_.c_str(), user, group) != 0) {
    fail_by_errno(path_, "its directory cannot be given another owner");
  }
  if (::lchown(path_.c_str(), user, group) != 0) {
    fail_by_errno(path_, "cannot be given another owner");
  }
}

FileDescriptor ListeningSocket::accept() const {
  return FileDescriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

FileDescriptor connect_unix(const std::string& path) {
  FileDescriptor socket = make_socket(path, 0);
  if (connect_to(socket, path) == 0) return socket;
  if (errno == ENOENT || errno == ECONNREFUSED) fail(path, "nobody serves it; is Sluice running?");
  fail_by_errno(path, "cannot connect");
}

}  // namespace sluice::control
