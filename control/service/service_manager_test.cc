#include "control/service/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

/// The service manager's end of the socket.
class Manager {
 public:
  explicit Manager(const std::string& name)
      : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  }

  /// The datagrams that came.
  std::vector<std::string> told() {
    std::vector<std::string> datagrams;
    std::array<char, 4096> bytes{};
    for (ssize_t size = 0; (size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0)) > 0;) {
      datagrams.emplace_back(bytes.data(), static_cast<std::size_t>(size));
    }
    return datagrams;
  }

 private:
  FileDescriptor socket_;
};

class ServiceManagerTest : public ::testing::Test {
 protected:
  ~ServiceManagerTest() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) ::unsetenv(name);
  }

  tls::testing::TemporaryDirectory directory_;
  std::string path_ = (directory_.path() / "notify").string();
  Manager manager_{path_};
};

TEST_F(ServiceManagerTest, IsFoundByTheEnvironment) {
  ::setenv("NOTIFY_SOCKET", path_.c_str(), 1);
  const ServiceManager told;
  EXPECT_TRUE(told.present());
  told.ready();
  EXPECT_THAT(manager_.told(), ElementsAre("READY=1"));
}

TEST_F(ServiceManagerTest, NobodyIsToldWithoutOne) {
  ServiceManager told;
  EXPECT_FALSE(told.present());
  told.ready();
  told.status("x");
  EXPECT_THAT(manager_.told(), IsEmpty());
}

TEST_F(ServiceManagerTest, MayHaveAnAbstractName) {
  const std::string name = "@sluice-test-" + std::to_string(::getpid());
  Manager manager(name);
  ServiceManager(name).ready();
  EXPECT_THAT(manager.told(), ElementsAre("READY=1"));
}

TEST_F(ServiceManagerTest, ASocketThatIsNotThereDoesNoHarm) {
  const ServiceManager told((directory_.path() / "absent").string());
  EXPECT_FALSE(told.present());
  told.ready();
  ServiceManager(std::string(200, 'x')).ready();
}

TEST_F(ServiceManagerTest, AReloadHasItsTime) {
  ServiceManager(path_).reloading();
  EXPECT_THAT(manager_.told(), ElementsAre(MatchesRegex("RELOADING=1\nMONOTONIC_USEC=[0-9]+")));
}

TEST_F(ServiceManagerTest, AnEndAsksForItsTime) {
  ServiceManager(path_).stopping(45s);
  EXPECT_THAT(manager_.told(), ElementsAre("STOPPING=1\nEXTEND_TIMEOUT_USEC=45000000"));
}

TEST_F(ServiceManagerTest, AStatusIsToldWhenItChanges) {
  ServiceManager told(path_);
  for (const char* line : {"one", "one", "two", "one"}) told.status(line);
  EXPECT_THAT(manager_.told(), ElementsAre("STATUS=one", "STATUS=two", "STATUS=one"));
}

TEST_F(ServiceManagerTest, AManagerThatDoesNotReadHoldsNobodyUp) {
  const ServiceManager told(path_);
  const auto begun = std::chrono::steady_clock::now();
  // More than a socket's queue holds by default (net.unix.max_dgram_qlen: 10, or 512).
  std::size_t sent = 0;
  while (std::chrono::steady_clock::now() < begun + 100ms && sent < 100'000) {
    told.alive();
    ++sent;
  }
  EXPECT_LT(std::chrono::steady_clock::now(), begun + 5s);
  EXPECT_FALSE(manager_.told().empty());
}

TEST_F(ServiceManagerTest, TheWatchdogWaitsForItsProcessAlone) {
  EXPECT_EQ(watchdog_patience(), std::nullopt);
  ::setenv("WATCHDOG_USEC", "3000000", 1);
  EXPECT_EQ(watchdog_patience(), 3s);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(watchdog_patience(), 3s);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(watchdog_patience(), std::nullopt);
}

TEST_F(ServiceManagerTest, ATimeThatIsNoneIsNotWaitedFor) {
  for (const char* text : {"", "0", "soon", "-1", "3s"}) {
    ::setenv("WATCHDOG_USEC", text, 1);
    EXPECT_EQ(watchdog_patience(), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace sluice::control
