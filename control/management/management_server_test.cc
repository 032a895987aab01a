#include "control/management/management_server.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <string>
#include <thread>

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kMetrics =
    "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
constexpr std::string_view kHealth =
    "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// A server on a port of the kernel's choice, and a thread that plays the control loop.
class ManagementServerTest : public ::testing::Test {
 protected:
  ~ManagementServerTest() override {
    ended_ = true;
    control_.join();
  }

  ManagementServer& serve(ManagementServer::Times times = {}) {
    ManagementListeners listeners({*wire::Endpoint::parse(address_)});
    port_ = listeners.addresses()[0].port;
    return server_.emplace(std::move(listeners), desk_, times);
  }

  [[nodiscard]] FileDescriptor connect() const {
    const bool v6 = address_[0] == '[';
    FileDescriptor socket(::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const timeval patience{10, 0};
    ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in v4{AF_INET, htons(port_), {htonl(INADDR_LOOPBACK)}, {}};
    sockaddr_in6 v6_address{AF_INET6, htons(port_), 0, IN6ADDR_LOOPBACK_INIT, 0};
    const int result =
        v6 ? ::connect(socket.get(), reinterpret_cast<sockaddr*>(&v6_address), sizeof v6_address)
           : ::connect(socket.get(), reinterpret_cast<sockaddr*>(&v4), sizeof v4);
    EXPECT_EQ(result, 0) << std::strerror(errno);
    return socket;
  }

  static void send(const FileDescriptor& socket, std::string_view bytes) {
    EXPECT_EQ(::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }

  /// All that comes until the server closes.
  static std::string receive(const FileDescriptor& socket) {
    std::string all;
    char bytes[4096];
    ssize_t size = 0;
    while ((size = ::recv(socket.get(), bytes, sizeof bytes, 0)) > 0) {
      all.append(bytes, static_cast<std::size_t>(size));
    }
    EXPECT_EQ(size, 0) << "not closed";
    return all;
  }

  std::string ask(std::string_view request) const {
    const FileDescriptor socket = connect();
    send(socket, request);
    return receive(socket);
  }

  std::string address_ = "127.0.0.1:0";
  std::uint16_t port_ = 0;
  std::atomic<bool> ended_{false};
  std::atomic<bool> stuck_{false};
  std::atomic<bool> stopping_{false};
  std::atomic<int> reports_{0};
  ReportDesk desk_{[this] {
    ++reports_;
    Report report;
    report.info.add("CumReq", kCounterTags, 7);
    return report;
  }};
  std::thread control_{[this] {
    while (!ended_) {
      if (!stuck_) desk_.attend(stopping_);
      std::this_thread::sleep_for(1ms);
    }
  }};
  std::optional<ManagementServer> server_;
};

TEST_F(ManagementServerTest, HandsOutWhatTheControlThreadReports) {
  serve();
  const std::string answer = ask(kMetrics);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("sluice_process_requests_total 7\n"));
  EXPECT_EQ(reports_, 1);
}

TEST_F(ManagementServerTest, ListensOnIpv6) {
  address_ = "[::1]:0";
  try {
    serve();
  } catch (const std::runtime_error& fault) {
    GTEST_SKIP() << fault.what();  // a machine without IPv6
  }
  EXPECT_THAT(ask(kHealth), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST_F(ManagementServerTest, ServesMoreThanOneRequestOfAConnection) {
  serve();
  const FileDescriptor socket = connect();
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n";
  send(socket, request + request + std::string(kHealth));
  const std::string answers = receive(socket);
  const std::size_t second = answers.find("HTTP/1.1 200 OK", 1);
  ASSERT_NE(second, std::string::npos);
  EXPECT_NE(answers.find("HTTP/1.1 200 OK", second + 1), std::string::npos);
}

TEST_F(ManagementServerTest, AStuckControlThreadIsTold) {
  stuck_ = true;
  ManagementServer::Times times;
  times.report = 50ms;
  serve(times);
  EXPECT_THAT(ask(kMetrics), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(ask(kHealth), StartsWith("HTTP/1.1 200 ")) << "not for long enough";
}

TEST_F(ManagementServerTest, ReadyEndsWithDraining) {
  serve();
  constexpr std::string_view kReady = "GET /ready HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  EXPECT_THAT(ask(kReady), StartsWith("HTTP/1.1 200 "));
  stopping_ = true;
  while (!desk_.stopping()) std::this_thread::sleep_for(1ms);
  EXPECT_THAT(ask(kReady), StartsWith("HTTP/1.1 503 "));
}

TEST_F(ManagementServerTest, AClientThatTricklesIsClosed) {
  ManagementServer::Times times;
  times.request = 100ms;
  serve(times);
  const FileDescriptor socket = connect();
  const auto begin = std::chrono::steady_clock::now();
  std::string_view rest = kMetrics;
  while (std::chrono::steady_clock::now() - begin < 5s) {
    if (::send(socket.get(), rest.data(), 1, MSG_NOSIGNAL) != 1) break;
    rest.remove_prefix(1);
    std::this_thread::sleep_for(25ms);
    char byte = 0;
    if (::recv(socket.get(), &byte, 1, MSG_DONTWAIT) == 0) break;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s);
}

TEST_F(ManagementServerTest, AnIdleClientMakesRoom) {
  serve();
  std::vector<FileDescriptor> held;
  for (std::size_t i = 0; i < ManagementServer::kMostClients; ++i) held.push_back(connect());
  EXPECT_THAT(ask(kHealth), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(receive(held[0]), "");
}

TEST_F(ManagementServerTest, ManyAtOnceShareReports) {
  serve();
  stuck_ = true;
  std::vector<FileDescriptor> clients;
  for (int i = 0; i < 20; ++i) {
    clients.push_back(connect());
    send(clients.back(), kMetrics);
  }
  std::this_thread::sleep_for(200ms);
  stuck_ = false;
  for (const FileDescriptor& client : clients) {
    EXPECT_THAT(receive(client), HasSubstr("sluice_process_requests_total 7\n"));
  }
  EXPECT_LT(reports_, 20);
}

TEST(ManagementListeners, TellWhichAddressIsTaken) {
  const ManagementListeners first({*wire::Endpoint::parse("127.0.0.1:0")});
  try {
    const ManagementListeners second(first.addresses());
    FAIL() << "it was taken";
  } catch (const std::runtime_error& fault) {
    EXPECT_THAT(fault.what(), StartsWith("management address 127.0.0.1:"));
    EXPECT_THAT(fault.what(), HasSubstr("in use"));
  }
}

}  // namespace
}  // namespace sluice::control
