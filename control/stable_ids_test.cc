#include "control/stable_ids.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "dataplane/base/id.h"

namespace sluice::control {
namespace {

using ThingId = Id<struct ThingTag>;
using Ids = StableIds<ThingId>;

void configure(Ids& ids, const std::vector<std::string>& names) {
  for (const std::string& name : names) (void)ids.of(name);
  ids.end_round();
}

TEST(StableIds, ANameThatComesBackSoonHasItsIdAgain) {
  Ids ids(100);
  configure(ids, {"a", "b"});
  configure(ids, {"b", "c"});
  configure(ids, {"a", "b", "c"});
  EXPECT_EQ(ids.of("a").value(), 0U);
  EXPECT_EQ(ids.of("b").value(), 1U);
  EXPECT_EQ(ids.of("c").value(), 2U);
  EXPECT_TRUE(ids.take_renamed().empty());
}

TEST(StableIds, TheNameThatLeftFirstGivesItsIdUpWhenTooManyHaveLeft) {
  Ids ids(100, 2);
  configure(ids, {"a", "b", "c", "d"});
  configure(ids, {"b", "c", "d"});
  configure(ids, {"d"});
  EXPECT_EQ(ids.of("e").value(), 0U) << "a's";
  EXPECT_EQ(ids.of("f").value(), 4U) << "b and c may come back";
  const auto renamed = ids.take_renamed();
  ASSERT_EQ(renamed.size(), 1U);
  EXPECT_EQ(renamed[0].value(), 0U);
  EXPECT_TRUE(ids.take_renamed().empty());
}

TEST(StableIds, AnIdThatIsStillInUseIsLeftAlone) {
  Ids ids(100, 0);
  std::set<std::uint32_t> used = {0};
  ids.set_reusable([&](ThingId id) { return !used.contains(id.value()); });
  configure(ids, {"a", "b"});
  configure(ids, {});
  EXPECT_EQ(ids.of("c").value(), 1U);
  EXPECT_EQ(ids.of("d").value(), 2U);
  used.clear();
  EXPECT_EQ(ids.of("e").value(), 0U);
}

TEST(StableIds, ANameOfTheConfigurationBeforeKeepsItsIdWhateverComesFirst) {
  Ids ids(100, 0);
  configure(ids, {"a"});
  configure(ids, {});
  configure(ids, {"a"});
  EXPECT_EQ(ids.of("b").value(), 1U);
  EXPECT_EQ(ids.of("a").value(), 0U);
}

TEST(StableIds, StayFewWhateverComesAndGoes) {
  Ids ids(1000, 10);
  for (int round = 0; round < 5000; ++round) {
    const std::string n = std::to_string(round);
    configure(ids, {"steady", "x" + n, "y" + n});
  }
  EXPECT_LE(ids.size(), 15U);
}

TEST(StableIds, AreRefusedWhenThereAreTooMany) {
  Ids ids(2, 10);
  configure(ids, {"a", "b"});
  EXPECT_THROW((void)ids.of("c"), std::runtime_error);
  configure(ids, {"b"});
  EXPECT_EQ(ids.of("c").value(), 0U) << "a's, though it might have come back";
}

}  // namespace
}  // namespace sluice::control
