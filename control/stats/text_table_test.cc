#include "control/stats/text_table.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

TEST(TextTable, AlignsNumbersRightAndWordsLeft) {
  TextTable table({"name", "load_pct", "connections"});
  table.add({"a", 99.95, std::uint64_t{7}});
  table.add({"longer", 3.0, std::uint64_t{123456789012}});
  EXPECT_EQ(table.format_text(),
            "name    load pct   connections\n"
            "a          100.0             7\n"
            "longer       3.0  123456789012\n");
}

TEST(TextTable, IsAListOfObjectsInJson) {
  TextTable table({"name", "load_pct", "connections"});
  table.add({"a", 1.5, std::uint64_t{7}});
  EXPECT_EQ(table.format_json(), "[{\"name\":\"a\",\"load_pct\":1.5,\"connections\":7}]\n");
}

TEST(TextTable, WithoutRowsIsItsTitles) {
  EXPECT_EQ(TextTable({"a", "b_c"}).format_text(), "a  b c\n");
  EXPECT_EQ(TextTable({"a"}).format_json(), "[]\n");
}

}  // namespace
}  // namespace sluice::control
