#include "control/reload/file_replacement.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t files_in(const fs::path& directory) {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(directory), fs::directory_iterator()));
}

TEST(ReplaceFile, KeepsThePermissions) {
  const tls::testing::TemporaryDirectory directory;
  const fs::path path = directory.path() / "file";
  directory.write("file", "old");
  fs::permissions(path, fs::perms(0640));
  replace_file(path, "new");
  EXPECT_EQ(content(path), "new");
  EXPECT_EQ(fs::status(path).permissions(), fs::perms(0640));
  EXPECT_EQ(files_in(directory.path()), 1U);
}

TEST(ReplaceFile, LeavesASymbolicLinkWhereItIs) {
  const tls::testing::TemporaryDirectory directory;
  directory.write("file", "old");
  fs::create_symlink("file", directory.path() / "link");
  replace_file(directory.path() / "link", "new");
  EXPECT_TRUE(fs::is_symlink(directory.path() / "link"));
  EXPECT_EQ(content(directory.path() / "file"), "new");
}

TEST(ReplaceFile, LeavesEverythingAsItWasWhenItCannot) {
  const tls::testing::TemporaryDirectory directory;
  EXPECT_THROW(replace_file(directory.path() / "none", "new"), std::runtime_error);
  directory.write("file", "old");
  // What another run of this process left behind is not written over.
  const std::string temporary = "file." + std::to_string(::getpid());
  directory.write(temporary, "other");
  EXPECT_THROW(replace_file(directory.path() / "file", "new"), std::runtime_error);
  EXPECT_EQ(content(directory.path() / "file"), "old");
  EXPECT_EQ(content(directory.path() / temporary), "other");
}

}  // namespace
}  // namespace sluice::control
