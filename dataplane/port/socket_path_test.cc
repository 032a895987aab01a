#include "dataplane/port/socket_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace sluice::port {
namespace {

using ::testing::HasSubstr;

std::string refusal_of(const std::string& path) {
  try {
    clear_socket_path(path);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "cleared";
}

class SocketPath : public ::testing::Test {
 protected:
  SocketPath() { unlink(path_.c_str()); }
  ~SocketPath() override { unlink(path_.c_str()); }

  // A socket bound to the path.
  int bind_socket() {
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof address.sun_path - 1);
    EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return fd;
  }

  std::string path_ = ::testing::TempDir() + "sluice-socket-path";
};

TEST_F(SocketPath, WhatAKilledProcessLeftIsRemoved) {
  close(bind_socket());
  EXPECT_EQ(refusal_of(path_), "cleared");
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_F(SocketPath, AListeningProcessIsLeftAlone) {
  const int fd = bind_socket();
  ASSERT_EQ(listen(fd, 1), 0);
  EXPECT_THAT(refusal_of(path_), HasSubstr("another process listens"));
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
  close(fd);
}

TEST_F(SocketPath, OtherFilesAreLeftAlone) {
  std::ofstream(path_) << "precious";
  EXPECT_THAT(refusal_of(path_), HasSubstr("not a socket"));
}

TEST_F(SocketPath, AbsentPathIsFineAndAbsentDirectoryIsNot) {
  EXPECT_EQ(refusal_of(path_), "cleared");
  EXPECT_THAT(refusal_of("/nonexistent/a.sock"), HasSubstr("mkdir -p /nonexistent"));
}

TEST_F(SocketPath, AClientWantsAListener) {
  EXPECT_THROW(require_listener(path_), std::runtime_error);
  const int fd = bind_socket();
  ASSERT_EQ(listen(fd, 1), 0);
  EXPECT_NO_THROW(require_listener(path_));
  close(fd);
}

TEST_F(SocketPath, LookingDoesNotDisturbTheListener) {
  const int fd = bind_socket();
  ASSERT_EQ(listen(fd, 1), 0);
  require_listener(path_);
  EXPECT_THAT(refusal_of(path_), HasSubstr("another process listens"));
  pollfd knock{fd, POLLIN, 0};
  EXPECT_EQ(poll(&knock, 1, 0), 0);
  close(fd);
}

}  // namespace
}  // namespace sluice::port
