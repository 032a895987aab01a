#include "http/header_edits.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "dataplane/testing/eal.h"

namespace sluice::http {
namespace {

HeaderEdits::Line line(std::string name, std::string_view value) {
  return {std::move(name), TextTemplate(value)};
}

TEST(HeaderEdits, DropWhatIsRemovedOrSetInAnyCase) {
  const HeaderEdits edits({"X-Gone"}, {line("X-Set", "1")}, {line("X-Added", "2")});
  EXPECT_TRUE(edits.drops("x-gone"));
  EXPECT_TRUE(edits.drops("X-SET"));
  EXPECT_FALSE(edits.drops("X-Added"));
  EXPECT_FALSE(edits.drops("Y-Gone")) << "of the same length";
  EXPECT_FALSE(edits.drops(""));
}

TEST(HeaderEdits, WriteWhatIsSetAndThenWhatIsAdded) {
  const HeaderEdits edits({}, {line("A", "1")}, {line("B", "2"), line("B", "3")});
  sluice::testing::TestPool pool;
  HeadWriter writer(*pool);
  edits.write(writer, {});
  EXPECT_EQ(sluice::testing::bytes_of(writer.take()), "A: 1\r\nB: 2\r\nB: 3\r\n");
}

}  // namespace
}  // namespace sluice::http
