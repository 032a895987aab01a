#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "control/config/load.h"

// Each testdata/broken/NAME.toml has a NAME.expected beside it: what `sluice check` prints for it.
// SLUICE_UPDATE_EXPECTED=1 writes them anew, to be read before they are committed.

namespace sluice::control {
namespace {

std::filesystem::path directory() {
  const char* given = std::getenv("SLUICE_TESTDATA");
  return std::filesystem::path(given == nullptr ? "control/testdata" : given) / "broken";
}

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(directory(), none)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class BrokenFile : public ::testing::TestWithParam<std::string> {};

TEST_P(BrokenFile, IsExplained) {
  const auto path = directory() / (GetParam() + ".toml");
  auto expected = path;
  expected.replace_extension(".expected");
  Diagnostics problems;
  read_config(read(path), problems);
  const std::string actual = problems.format(path.filename());
  EXPECT_FALSE(problems.ok());
  if (std::getenv("SLUICE_UPDATE_EXPECTED") != nullptr) std::ofstream(expected) << actual;
  EXPECT_EQ(actual, read(expected));
}

INSTANTIATE_TEST_SUITE_P(Testdata, BrokenFile, ::testing::ValuesIn(names()),
                         [](const auto& instance) { return instance.param; });

TEST(BrokenFiles, AreFound) {
  EXPECT_GE(names().size(), 30U);
}

}  // namespace
}  // namespace sluice::control
