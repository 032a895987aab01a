#include "control/capture/capture_client.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "control/admin/server.h"
#include "control/capture/pcapng.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

namespace fs = std::filesystem;

const std::string kFile =
    pcapng::section("a test") + pcapng::interface("af_packet:a", 256) + pcapng::statistics(0, 1, 7);

/// A capture that ends at once.
class ShortCapture final : public LongAnswer {
 public:
  bool advance(Answer& piece) override {
    piece.text = kFile;
    return true;
  }
  [[nodiscard]] bool ends_conversation() const override { return true; }
};

/// An admin socket whose `capture` obeys, or refuses.
class CaptureClientTest : public ::testing::Test {
 protected:
  CaptureClientTest() {
    commands_.add("capture", "", [this](auto) {
      if (refuses_) return refusal("another capture is under way");
      Answer answer;
      answer.rest = std::make_unique<ShortCapture>();
      return answer;
    });
    server_ = std::make_unique<AdminServer>(socket(), 0600, commands_);
    thread_ = std::thread([this] {
      while (!stop_) turn();
    });
  }
  ~CaptureClientTest() override {
    stop_ = true;
    thread_.join();
  }

  void turn() {
    std::vector<pollfd> waits;
    server_->add_to(waits);
    (void)::poll(waits.data(), waits.size(), 10);
    server_->serve(waits, AdminServer::Time());
  }
  [[nodiscard]] std::string socket() const { return directory_.path() / "admin.sock"; }
  [[nodiscard]] fs::path file() const { return directory_.path() / "flow.pcapng"; }
  CaptureResult capture() { return capture_to_file(socket(), {}, file()); }
  static std::string content(const fs::path& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  tls::testing::TemporaryDirectory directory_;
  CommandTable commands_;
  std::atomic<bool> refuses_{false};
  std::unique_ptr<AdminServer> server_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

TEST_F(CaptureClientTest, WritesWhatSluiceSends) {
  const CaptureResult result = capture();
  EXPECT_FALSE(result.failed);
  EXPECT_EQ(result.message, "0 frames captured, 7 lost for want of room\n");
  EXPECT_EQ(content(file()), kFile);
}

TEST_F(CaptureClientTest, ARefusedCaptureMakesNoFile) {
  refuses_ = true;
  const CaptureResult result = capture();
  EXPECT_TRUE(result.failed);
  EXPECT_EQ(result.message, "another capture is under way\n");
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(CaptureClientTest, ARefusedCaptureLeavesAnEarlierFileAlone) {
  refuses_ = true;
  std::ofstream(file()) << "an earlier capture";
  EXPECT_TRUE(capture().failed);
  EXPECT_EQ(content(file()), "an earlier capture");
}

TEST_F(CaptureClientTest, WithoutASluiceThereIsNoFile) {
  EXPECT_THROW((void)capture_to_file(socket() + ".none", {}, file()), std::runtime_error);
  EXPECT_FALSE(fs::exists(file()));
}

TEST_F(CaptureClientTest, AFileThatCannotBeWrittenIsNamed) {
  const std::string elsewhere = directory_.path() / "missing" / "flow.pcapng";
  try {
    (void)capture_to_file(socket(), {}, elsewhere);
    ADD_FAILURE() << "it was written";
  } catch (const std::runtime_error& fault) {
    EXPECT_EQ(fault.what(), elsewhere + ": No such file or directory");
  }
}

}  // namespace
}  // namespace sluice::control
