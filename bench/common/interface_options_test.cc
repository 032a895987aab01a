#include "bench/common/interface_options.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace sluice::bench {
namespace {

TEST(AddressRanges, GoFromTheFirstToTheLast) {
  const auto range = parse_address_range("198.18.0.254-198.18.1.1/16");
  ASSERT_EQ(range.size(), 4U);
  EXPECT_EQ(range.front().to_string(), "198.18.0.254/16");
  EXPECT_EQ(range.back().to_string(), "198.18.1.1/16");
  EXPECT_EQ(parse_address_range("2001:db8::ffff-2001:db8::1:0/64").size(), 2U);
  EXPECT_EQ(parse_address_range("198.18.0.1/24").size(), 1U);
}

TEST(AddressRanges, ThatAreNoneAreRefused) {
  for (const char* text : {"198.18.0.1", "198.18.0.1-x/24", "198.18.0.1-2001:db8::1/24", "a/24",
                           "198.18.0.1-198.20.0.1/8"}) {
    EXPECT_THROW(parse_address_range(text), std::invalid_argument) << text;
  }
}

/// Options with a file beside them.
class ConfigFileTest : public ::testing::Test {
 protected:
  void write(const std::string& text) { std::ofstream(file_) << text; }
  control::Config config(InterfaceOptions options = {}) {
    options.config_file = file_;
    return options.config(100);
  }
  void TearDown() override { std::filesystem::remove(file_); }

  static constexpr const char* kInterface =
      "[[interface]]\nname = \"edge\"\nports = [\"ring:a\"]\naddress = [\"198.18.0.1/24\"]\n";

 private:
  std::string file_ = ::testing::TempDir() + "interface_options_test.toml";
};

TEST_F(ConfigFileTest, NeedsNoFrontendAndNoBackend) {
  write(std::string(kInterface) + "[tcp]\nlocal_port.first = 20000\n");
  const control::Config read = config();
  EXPECT_EQ(own_addresses(read).size(), 1U);
  EXPECT_EQ(read.tcp.stack.first_local_port, 20000);
  EXPECT_EQ(read.process.workers.value, 1U);
}

TEST_F(ConfigFileTest, NeedsAnInterface) {
  write("[tcp]\nlocal_port.first = 20000\n");
  EXPECT_THROW(config(), std::invalid_argument);
}

TEST_F(ConfigFileTest, IsOverruledByOptions) {
  write(std::string(kInterface) + "[sluice]\ncpus = [0, 1]\nbuffers = 20000\n");
  EXPECT_EQ(config().process.workers.value, 2U);
  EXPECT_EQ(config().process.buffers.value, 20000U);
  const control::Config one = config({.workers = 1, .buffers = 10000});
  EXPECT_EQ(one.process.workers.value, 1U);
  EXPECT_TRUE(one.process.cpus.empty());
  EXPECT_EQ(one.process.buffers.value, 10000U);
  EXPECT_EQ(config({.cpus = {3}}).process.cpus.front().value, 3U);
}

}  // namespace
}  // namespace sluice::bench
