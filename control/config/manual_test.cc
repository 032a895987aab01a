#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "control/config/keys.h"
#include "control/config/load.h"
#include "control/metrics/metric_catalog.h"
#include "control/stats/counter_catalog.h"

// CONFIG.md is written by hand but for its two references, which `sluice check --keys` and
// `sluice check --counters` print, and METRICS.md but for what `sluice check --metrics` prints.

namespace sluice::control {
namespace {

std::string manual(const char* name = "CONFIG.md") {
  const char* testdata = std::getenv("SLUICE_TESTDATA");
  const auto path =
      std::filesystem::path(testdata == nullptr ? "control/testdata" : testdata) / ".." / name;
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(Manual, HasTheReferenceOfKeysAsTheParserHasIt) {
  EXPECT_NE(manual().find(key_reference()), std::string::npos)
      << "put the output of 'sluice check --keys' into CONFIG.md";
}

TEST(Manual, HasTheReferenceOfCountersAsTheyAreCounted) {
  EXPECT_NE(manual().find(counter_reference()), std::string::npos)
      << "put the output of 'sluice check --counters' into CONFIG.md";
}

TEST(Manual, HasTheReferenceOfMetricsAsTheyAreTold) {
  EXPECT_NE(manual("METRICS.md").find(metric_reference()), std::string::npos)
      << "put the output of 'sluice check --metrics' into METRICS.md";
}

TEST(Manual, ItsExampleIsAGoodConfiguration) {
  const std::string text = manual();
  const std::string_view begin = "```toml\n";
  const std::size_t at = text.find(begin);
  ASSERT_NE(at, std::string::npos);
  const std::size_t start = at + begin.size();
  Diagnostics problems;
  read_config(text.substr(start, text.find("```", start) - start), problems);
  EXPECT_EQ(problems.format("example"), "");
}

TEST(KeyReference, DescribesEveryKeyWholly) {
  for (const SectionDescription& section : all_sections()) {
    EXPECT_FALSE(section.meaning.empty()) << section.title;
    for (const KeyDescription& key : section.keys) {
      EXPECT_FALSE(key.type.empty() || key.fallback.empty()) << section.title << key.name;
      EXPECT_TRUE(key.meaning.ends_with('.')) << section.title << key.name;
      EXPECT_EQ((key.meaning + key.range + key.type).find('|'), std::string::npos) << key.name;
    }
  }
}

}  // namespace
}  // namespace sluice::control
