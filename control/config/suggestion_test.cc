#include "control/config/suggestion.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::control {
namespace {

TEST(EditDistance, CountsEachKindOfSlipOnce) {
  EXPECT_EQ(edit_distance("backend", "backend"), 0U);
  EXPECT_EQ(edit_distance("bakend", "backend"), 1U);
  EXPECT_EQ(edit_distance("backends", "backend"), 1U);
  EXPECT_EQ(edit_distance("baclend", "backend"), 1U);
  EXPECT_EQ(edit_distance("bakcend", "backend"), 1U);
  EXPECT_EQ(edit_distance("BACKEND", "backend"), 0U);
  EXPECT_EQ(edit_distance("", "backend"), 7U);
  EXPECT_EQ(edit_distance("backend", ""), 7U);
}

TEST(Suggestion, PicksTheNearestCandidate) {
  const std::vector<std::string> names{"timeout.request", "timeout.idle", "bind", "backend"};
  EXPECT_EQ(closest("timeout.reqest", names), "timeout.request");
  EXPECT_EQ(closest("bnid", names), "bind");
  EXPECT_EQ(closest("Backends", names), "backend");
}

TEST(Suggestion, KnowsTheLastPartOfADottedName) {
  const std::vector<std::string> names{"bind", "timeout.connect"};
  EXPECT_EQ(closest("connect", names), "timeout.connect");
}

TEST(Suggestion, IsSilentWhenNothingIsNear) {
  const std::vector<std::string> names{"bind", "backend"};
  EXPECT_EQ(closest("workers", names), "");
  EXPECT_EQ(closest("x", names), "");
  EXPECT_EQ(closest("", names), "");
  EXPECT_EQ(closest(std::string(100000, 'b'), names), "");
  EXPECT_EQ(did_you_mean("workers", names), "");
  EXPECT_EQ(did_you_mean("bend", names), "; did you mean 'bind'?");
}

}  // namespace
}  // namespace sluice::control
