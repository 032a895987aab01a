#include "control/admin/server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "control/admin/client.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

/// A directory of the test's own.
class Directory {
 public:
  Directory() {
    char name[] = "/tmp/sluice-admin-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  [[nodiscard]] std::string socket() const { return path_ + "/admin.sock"; }

 private:
  std::string path_;
};

class AdminServerTest : public ::testing::Test {
 protected:
  AdminServerTest() {
    commands_.add("show small", "", [](auto) { return Answer{"small\n"}; });
    commands_.add("show large", "", [](auto) { return Answer{std::string(4 << 20, 'x') + "\n"}; });
    commands_.add("fail", "", [](auto) { return refusal("no"); });
  }

  // One turn of the control loop at a time that the test chooses.
  void turn(AdminServer& server, std::chrono::seconds at = 0s, int wait = 10) {
    std::vector<pollfd> waits;
    server.add_to(waits);
    ASSERT_GE(::poll(waits.data(), waits.size(), wait), 0);
    server.serve(waits, AdminServer::Time(at));
  }

  static std::string read_some(const FileDescriptor& socket) {
    char bytes[65536];
    const ssize_t size = ::recv(socket.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
  }

  static bool closed(const FileDescriptor& socket) {
    char byte;
    return ::recv(socket.get(), &byte, 1, MSG_DONTWAIT) == 0;
  }

  static void write(const FileDescriptor& socket, std::string_view text) {
    ASSERT_EQ(::send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }

  Directory directory_;
  CommandTable commands_;
};

TEST_F(AdminServerTest, AnswersTheClientProgram) {
  AdminServer server(directory_.socket(), 0600, commands_);
  std::atomic<bool> stop{false};
  std::thread loop([&] {
    while (!stop) turn(server);
  });
  const AdminReply small = ask_admin(directory_.socket(), "show small");
  const AdminReply large = ask_admin(directory_.socket(), "show large");
  const AdminReply failure = ask_admin(directory_.socket(), "fail");
  stop = true;
  loop.join();
  EXPECT_EQ(small.text, "small\n");
  EXPECT_FALSE(small.failed);
  EXPECT_EQ(large.text.size(), (4U << 20) + 1);
  EXPECT_EQ(failure.text, "no\n");
  EXPECT_TRUE(failure.failed);
}

TEST_F(AdminServerTest, ASlowReaderHoldsUpNobody) {
  AdminServer server(directory_.socket(), 0600, commands_);
  const FileDescriptor slow = connect_unix(directory_.socket());
  write(slow, "show large;show large\n");
  for (int i = 0; i < 5; ++i) turn(server, 0s, 0);
  const FileDescriptor other = connect_unix(directory_.socket());
  write(other, "show small\n");
  for (int i = 0; i < 5; ++i) turn(server, 0s, 0);
  EXPECT_EQ(read_some(other), "small\n\n");
  EXPECT_TRUE(closed(other));
  EXPECT_EQ(server.clients(), 1U);
  turn(server, 11s, 0);  // it took nothing for longer than its timeout
  EXPECT_EQ(server.clients(), 0U);
}

TEST_F(AdminServerTest, ASilentClientIsSentAway) {
  AdminServer server(directory_.socket(), 0600, commands_);
  const FileDescriptor silent = connect_unix(directory_.socket());
  turn(server, 0s);
  write(silent, "show sm");
  turn(server, 5s);
  turn(server, 14s, 0);
  EXPECT_EQ(server.clients(), 1U);
  turn(server, 16s, 0);
  EXPECT_EQ(server.clients(), 0U);
  EXPECT_TRUE(closed(silent));
}

TEST_F(AdminServerTest, ServesABoundedNumberAtOnce) {
  AdminServer server(directory_.socket(), 0600, commands_);
  std::vector<FileDescriptor> clients;
  for (std::size_t i = 0; i < AdminServer::kMostClients; ++i) {
    clients.push_back(connect_unix(directory_.socket()));
    turn(server);
  }
  const FileDescriptor excess = connect_unix(directory_.socket());
  turn(server);
  EXPECT_EQ(server.clients(), AdminServer::kMostClients);
  EXPECT_EQ(read_some(excess), "too many clients at once\n\n");
  EXPECT_TRUE(closed(excess));
  clients.pop_back();
  turn(server);
  EXPECT_EQ(server.clients(), AdminServer::kMostClients - 1);
}

TEST_F(AdminServerTest, AClientThatVanishesIsForgotten) {
  AdminServer server(directory_.socket(), 0600, commands_);
  {
    const FileDescriptor client = connect_unix(directory_.socket());
    write(client, "show large\n");
    turn(server);
    turn(server);
  }
  turn(server);
  turn(server);
  EXPECT_EQ(server.clients(), 0U);
}

TEST(ListeningSocket, HasTheModeThatWasAskedFor) {
  const Directory directory;
  const ListeningSocket socket(directory.socket(), 0640);
  struct stat found {};
  ASSERT_EQ(::stat(directory.socket().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0640U);
}

TEST(ListeningSocket, IsGivenToItsUserWithTheDirectoryItMade) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  constexpr uid_t kUser = 1;
  constexpr gid_t kGroup = 2;
  const Directory directory;
  const auto made = std::filesystem::path(directory.socket()).parent_path() / "made";
  const ListeningSocket inside((made / "admin.sock").string(), 0600);
  const ListeningSocket beside(directory.socket(), 0600);
  inside.give_to(kUser, kGroup);
  beside.give_to(kUser, kGroup);
  struct stat status {};
  for (const std::string& path :
       {made.string(), (made / "admin.sock").string(), directory.socket()}) {
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_uid, kUser) << path;
    EXPECT_EQ(status.st_gid, kGroup) << path;
  }
  ASSERT_EQ(::stat(made.parent_path().c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 0U) << "it was there before";
}

TEST(ListeningSocket, ReplacesWhatADeadProcessLeft) {
  const Directory directory;
  {
    ListeningSocket first(directory.socket(), 0600);
    std::filesystem::rename(directory.socket(), directory.socket() + ".kept");
  }
  std::filesystem::rename(directory.socket() + ".kept", directory.socket());
  EXPECT_THROW(connect_unix(directory.socket()), std::runtime_error);
  const ListeningSocket second(directory.socket(), 0600);
  EXPECT_TRUE(connect_unix(directory.socket()));
}

TEST(ListeningSocket, RefusesAPathThatIsServedOrIsNoSocket) {
  const Directory directory;
  {
    const ListeningSocket first(directory.socket(), 0600);
    EXPECT_THROW(ListeningSocket(directory.socket(), 0600), std::runtime_error);
    EXPECT_TRUE(connect_unix(directory.socket()));
  }
  EXPECT_FALSE(std::filesystem::exists(directory.socket()));
  std::ofstream(directory.socket()) << "precious";
  EXPECT_THROW(ListeningSocket(directory.socket(), 0600), std::runtime_error);
  EXPECT_TRUE(std::filesystem::is_regular_file(directory.socket()));
}

TEST(ListeningSocket, LeavesANameThatAnotherHasTaken) {
  const Directory directory;
  {
    const ListeningSocket first(directory.socket(), 0600);
    std::filesystem::remove(directory.socket());
    std::ofstream(directory.socket()) << "another's";
  }
  EXPECT_TRUE(std::filesystem::exists(directory.socket()));
}

}  // namespace
}  // namespace sluice::control
