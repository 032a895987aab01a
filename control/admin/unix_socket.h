#pragma once

#include <sys/stat.h>
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <utility>

namespace sluice::control {

/// A file descriptor that is closed with its owner.
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor();

  [[nodiscard]] int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// A listening Unix stream socket with a name in the file system, which is removed with it unless
/// another has taken the name meanwhile.
class ListeningSocket {
 public:
  /// Makes the socket, and the last directory of its path if that is missing. What a dead process
  /// left at the path is replaced; a file that is no socket, or a socket that somebody serves, is
  /// not. Throws std::runtime_error with a message for the operator.
  ListeningSocket(std::string path, std::uint32_t mode);
  ~ListeningSocket();
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  [[nodiscard]] int fd() const { return socket_.get(); }
  /// Makes a user and a group its owners, and its directory's if that was made with it, so that the
  /// user can remove it. Throws std::runtime_error.
  void give_to(uid_t user, gid_t group) const;
  /// A connection that waits, non-blocking; none when there is none.
  [[nodiscard]] FileDescriptor accept() const;

 private:
  std::string path_;
  FileDescriptor socket_;
  struct stat identity_ {};
  std::string made_directory_;  // empty: it was there
};

/// Connects to a Unix stream socket. Throws std::runtime_error with a message for the operator.
FileDescriptor connect_unix(const std::string& path);

}  // namespace sluice::control
