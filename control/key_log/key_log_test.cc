#include "control/key_log/key_log.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

namespace fs = std::filesystem;

class KeyLogTest : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path file() const { return directory_.path() / "keys.log"; }
  static std::string content(const fs::path& path) {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  static unsigned mode(const fs::path& path) {
    return static_cast<unsigned>(fs::status(path).permissions());
  }
  // Why it does not take a file, without the part that names it; "" when it does.
  [[nodiscard]] std::string refusal() const {
    try {
      const KeyLog log(file(), 1);
    } catch (const std::runtime_error& fault) {
      const std::string message = fault.what();
      const std::string begin = "TLS key log " + file().string() + ": ";
      EXPECT_EQ(message.substr(0, begin.size()), begin);
      return message.substr(std::min(begin.size(), message.size()));
    }
    return {};
  }

  tls::testing::TemporaryDirectory directory_;
};

TEST_F(KeyLogTest, MakesAFileForItsOwnerAlone) {
  const mode_t before = ::umask(0);
  const KeyLog log(file(), 1);
  ::umask(before);
  EXPECT_EQ(mode(file()), 0600U);
  EXPECT_EQ(content(file()), "");
}

TEST_F(KeyLogTest, WritesWhatEveryWorkerPuts) {
  KeyLog log(file(), 2);
  log.ring(1).put("CLIENT_RANDOM 11 22");
  log.write();
  EXPECT_EQ(content(file()), "CLIENT_RANDOM 11 22\n");
  log.ring(0).put("CLIENT_RANDOM 33 44");
  log.ring(1).put("CLIENT_RANDOM 55 66");
  log.write();
  EXPECT_EQ(content(file()), "CLIENT_RANDOM 11 22\nCLIENT_RANDOM 33 44\nCLIENT_RANDOM 55 66\n");
}

TEST_F(KeyLogTest, WritesTheLastSecretsAtItsEnd) {
  { KeyLog(file(), 1).ring(0).put("last"); }
  EXPECT_EQ(content(file()), "last\n");
}

TEST_F(KeyLogTest, AddsToItsOwnEarlierFile) {
  { KeyLog(file(), 1).ring(0).put("first run"); }
  { KeyLog(file(), 1).ring(0).put("second run"); }
  EXPECT_EQ(content(file()), "first run\nsecond run\n");
}

TEST_F(KeyLogTest, RefusesAFileThatOthersMayReadOrWrite) {
  for (const unsigned open : {0640U, 0620U, 0604U, 0602U}) {
    std::ofstream(file()) << "theirs";
    fs::permissions(file(), static_cast<fs::perms>(open));
    EXPECT_EQ(refusal(), "is open to others than its owner; remove it, or 'chmod 600' it");
    EXPECT_EQ(mode(file()), open);
    EXPECT_EQ(content(file()), "theirs");
  }
}

TEST_F(KeyLogTest, RefusesLinks) {
  const fs::path target = directory_.path() / "target";
  fs::create_symlink(target, file());
  EXPECT_EQ(refusal(), "is a symbolic link");
  EXPECT_FALSE(fs::exists(target));
  fs::remove(file());
  directory_.write("target", "");
  fs::permissions(target, fs::perms(0600));
  fs::create_hard_link(target, file());
  EXPECT_EQ(refusal(), "has other names (hard links)");
}

TEST_F(KeyLogTest, RefusesWhatIsNoFile) {
  fs::create_directory(file());
  EXPECT_EQ(refusal(), "Is a directory");
  fs::remove(file());
  ASSERT_EQ(::mkfifo(file().c_str(), 0600), 0);
  EXPECT_EQ(refusal(), "No such device or address");
}

TEST_F(KeyLogTest, RefusesADirectoryThatIsNotThere) {
  try {
    const KeyLog log(directory_.path() / "missing" / "keys.log", 1);
    ADD_FAILURE() << "it was made";
  } catch (const std::runtime_error& fault) {
    EXPECT_NE(std::string(fault.what()).find("No such file or directory"), std::string::npos);
  }
}

// A limit of this process's stands in for a full disk.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    (void)::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  }
  ~FileSizeLimit() {
    (void)::setrlimit(RLIMIT_FSIZE, &before_);
    (void)std::signal(SIGXFSZ, handler_);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

TEST_F(KeyLogTest, GoesOnWithoutAFileThatCannotBeWritten) {
  KeyLog log(file(), 1);
  {
    const FileSizeLimit limit(8);
    log.ring(0).put("more than eight bytes");
    log.write();
  }
  EXPECT_EQ(content(file()), "more tha");
  for (int i = 0; i < 10'000; ++i) {
    log.ring(0).put("no more");
    log.write();
  }
  EXPECT_EQ(log.ring(0).lost(), 0U) << "secrets do not pile up";
  EXPECT_EQ(content(file()), "more tha");
}

}  // namespace
}  // namespace sluice::control
