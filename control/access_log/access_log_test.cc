#include "control/access_log/access_log.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "control/admin/unix_socket.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;
using http::AccessEntry;
using http::AccessText;

class AccessLogTest : public ::testing::Test {
 protected:
  void SetUp() override { config.to.value = path; }

  void start(std::uint32_t workers = 1) {
    fleet = std::make_unique<http::FleetState>(workers);
    log = std::make_unique<AccessLog>(config, workers);
    log->learn(settings("www"));
    log->start(*fleet, [] { return Instant(1h); });
  }
  static http::Settings settings(const std::string& frontend, std::uint64_t generation = 1) {
    http::Settings made;
    made.generation = generation;
    auto owned = std::make_unique<http::Frontend>();
    owned->id = http::FrontendId(0);
    owned->name = frontend;
    made.frontends.push_back(std::move(owned));
    return made;
  }
  bool put(std::string_view target, std::uint32_t worker = 0, std::uint64_t generation = 1) {
    AccessEntry entry;
    entry.record.began = Instant(1h);
    entry.record.frontend = http::FrontendId(0);
    entry.record.generation = generation;
    entry.record.process_sessions = 2;
    entry.text(AccessText::kMethod) = "GET";
    entry.text(AccessText::kTarget) = target;
    return log->recorder(worker).ring().put(entry);
  }
  void wait_until_written(std::uint64_t lines) const {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (log->written() < lines && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(1ms);
    }
  }
  static std::vector<std::string> lines_of(const std::string& file) {
    std::ifstream stream(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }

  tls::testing::TemporaryDirectory directory;
  std::string path = directory.write("access.log", "");
  AccessLogConfig config;
  std::unique_ptr<http::FleetState> fleet;
  std::unique_ptr<AccessLog> log;
};

TEST_F(AccessLogTest, WritesWhatIsThereBeforeItEnds) {
  start(2);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(put("/" + std::to_string(i), i % 2 == 0 ? 0 : 1));
  log->finish();
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 100U);
  EXPECT_NE(lines[0].find(" sluice[" + std::to_string(::getpid()) + "]: "), std::string::npos)
      << lines[0];
  EXPECT_TRUE(lines[0].ends_with("\"GET /0 HTTP/1.1\"")) << lines[0];
  EXPECT_EQ(log->written(), 100U);
  EXPECT_EQ(log->lost(), 0U);
}

TEST_F(AccessLogTest, AddsWhatTheOtherWorkersHave) {
  start(3);
  fleet->load(0).clients.add(50);  // its own are in the record
  fleet->load(1).clients.add(3);
  fleet->load(2).clients.add(4);
  fleet->load(2).sessions[0].add(4);
  put("/");
  log->finish();
  EXPECT_NE(lines_of(path)[0].find(" 9/4/0/0/0 "), std::string::npos) << lines_of(path)[0];
}

TEST_F(AccessLogTest, NamesAreThoseOfTheRecordsTime) {
  start();
  log->learn(settings("other", 2));
  put("/a", 0, 1);
  put("/b", 0, 2);
  http::Settings without;
  without.generation = 3;
  log->learn(without);
  put("/c", 0, 3);
  log->finish();
  const auto lines = lines_of(path);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_NE(lines[0].find(" www www/<NOSRV> "), std::string::npos) << lines[0];
  EXPECT_NE(lines[1].find(" other other/<NOSRV> "), std::string::npos) << lines[1];
  EXPECT_NE(lines[2].find(" other other/<NOSRV> "), std::string::npos)
      << "sessions outlive their frontend";
}

TEST_F(AccessLogTest, JsonLinesHaveNothingInFront) {
  config.format = AccessFormat::kJson;
  start();
  put("/");
  log->finish();
  EXPECT_TRUE(lines_of(path)[0].starts_with("{\"time\":")) << lines_of(path)[0];
}

TEST_F(AccessLogTest, OpensTheFileAnewWhenAsked) {
  start();
  put("/old");
  wait_until_written(1);
  const std::string old = path + ".1";
  std::filesystem::rename(path, old);
  log->reopen();
  while (!std::filesystem::exists(path)) std::this_thread::sleep_for(1ms);
  put("/new");
  log->finish();
  ASSERT_EQ(lines_of(old).size(), 1U);
  ASSERT_EQ(lines_of(path).size(), 1U);
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST_F(AccessLogTest, CannotBeMadeWhereItCannotWrite) {
  config.to.value = "/nowhere/access.log";
  try {
    const AccessLog made(config, 1);
    FAIL();
  } catch (const std::runtime_error& fault) {
    EXPECT_STREQ(fault.what(),
                 "the access log /nowhere/access.log cannot be opened: No such file or directory");
  }
}

TEST_F(AccessLogTest, AFullDiskLosesLinesAndCountsThem) {
  config.to.value = "/dev/full";
  start();
  for (int i = 0; i < 10; ++i) put("/");
  log->finish();
  EXPECT_EQ(log->written(), 0U);
  EXPECT_EQ(log->lost(), 10U);
}

TEST_F(AccessLogTest, APipeThatNobodyReadsFillsTheRingAndNotTheWorkersTime) {
  config.to.value = path + ".pipe";
  config.buffer = 64 * 1024;
  ASSERT_EQ(::mkfifo(config.to.value.c_str(), 0600), 0);
  start();
  std::uint64_t put_in = 0;
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (put("/" + std::string(500, 'x'))) {
    ++put_in;
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "it never fills";
    if (put_in % 16 == 0) std::this_thread::sleep_for(1ms);
  }
  const auto begin = std::chrono::steady_clock::now();
  log->finish();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, AccessLog::kPatience + 3s);
  EXPECT_GT(log->written(), 0U) << "what the pipe has room for";
  EXPECT_GT(log->lost(), 0U);
}

class Syslog : public AccessLogTest {
 protected:
  void SetUp() override {
    socket_path = path + ".socket";
    config.to.value = "syslog:" + socket_path;
    config.tag.value = "edge";
    config.facility.value = "local7";
  }
  void listen() {
    server = FileDescriptor(::socket(AF_UNIX, SOCK_DGRAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_path.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  }

  std::string socket_path;
  FileDescriptor server;
};

TEST_F(Syslog, GetsADatagramForEachLine) {
  listen();
  start();
  put("/one");
  put("/two");
  log->finish();
  std::array<char, 2048> received;
  for (const char* target : {"/one", "/two"}) {
    const ssize_t size = ::recv(server.get(), received.data(), received.size(), MSG_DONTWAIT);
    ASSERT_GT(size, 0);
    const std::string line(received.data(), static_cast<std::size_t>(size));
    EXPECT_TRUE(line.starts_with("<190>")) << line;
    EXPECT_NE(line.find(" edge[" + std::to_string(::getpid()) + "]: "), std::string::npos);
    EXPECT_TRUE(line.ends_with(std::string("\"GET ") + target + " HTTP/1.1\"")) << line;
  }
}

TEST_F(Syslog, MayComeLater) {
  start();
  put("/");
  const auto deadline = std::chrono::steady_clock::now() + 10s;
  while (log->lost() == 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_EQ(log->lost(), 1U);
  listen();
  put("/");
  log->finish();
  EXPECT_EQ(log->written(), 1U);
}

}  // namespace
}  // namespace sluice::control
