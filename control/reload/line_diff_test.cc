#include "control/reload/line_diff.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

TEST(LineDiff, OfTheSameTextIsNothing) {
  EXPECT_EQ(line_diff("", ""), "");
  EXPECT_EQ(line_diff("a\nb\n", "a\nb\n"), "");
}

TEST(LineDiff, ShowsWhatIsReplacedWithALineAround) {
  EXPECT_EQ(line_diff("a\nb\nc\nd\ne\n", "a\nb\nX\nd\ne\n"), "@@ -2,3 +2,3 @@\n b\n-c\n+X\n d\n");
}

TEST(LineDiff, ShowsWhatIsAddedAndRemovedAtTheEnds) {
  EXPECT_EQ(line_diff("b\n", "a\nb\n"), "@@ -1,1 +1,2 @@\n+a\n b\n");
  EXPECT_EQ(line_diff("a\nb\n", "a\n"), "@@ -1,2 +1,1 @@\n a\n-b\n");
  EXPECT_EQ(line_diff("", "a\n"), "@@ -1,0 +1,1 @@\n+a\n");
}

TEST(LineDiff, HasAHunkForEachPlaceThatIsFarFromTheOthers) {
  EXPECT_EQ(line_diff("1\n2\n3\n4\n5\n6\n7\n", "X\n2\n3\n4\n5\n6\nY\n"),
            "@@ -1,2 +1,2 @@\n-1\n+X\n 2\n@@ -6,2 +6,2 @@\n 6\n-7\n+Y\n");
  EXPECT_EQ(line_diff("1\n2\n3\n", "X\n2\nY\n"), "@@ -1,3 +1,3 @@\n-1\n+X\n 2\n-3\n+Y\n");
}

}  // namespace
}  // namespace sluice::control
