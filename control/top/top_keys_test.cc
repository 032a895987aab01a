#include "control/top/top_keys.h"

#include <gtest/gtest.h>

namespace sluice::control {
namespace {

constexpr std::size_t kRows = 100;
constexpr std::size_t kPage = 10;

bool press(std::string_view keys, TopView& view) {
  return apply_top_keys(keys, kRows, kPage, view);
}

TEST(TopKeys, ArrowsScrollWithinTheRows) {
  TopView view;
  EXPECT_TRUE(press("\x1b[A", view));
  EXPECT_EQ(view.first, 0U);
  press("\x1b[B\x1b[B\x1bOB", view);
  EXPECT_EQ(view.first, 3U);
  press("\x1b[6~", view);
  EXPECT_EQ(view.first, 13U);
  press("\x1b[F", view);
  EXPECT_EQ(view.first, 90U);
  press("j", view);
  EXPECT_EQ(view.first, 90U);
  press("\x1b[5~\x1b[A", view);
  EXPECT_EQ(view.first, 79U);
  press("\x1b[H", view);
  EXPECT_EQ(view.first, 0U);
}

TEST(TopKeys, LettersChooseTheOrder) {
  TopView view;
  EXPECT_TRUE(press("e", view));
  EXPECT_EQ(view.order, TopView::Order::kErrors);
  press("r", view);
  EXPECT_EQ(view.order, TopView::Order::kRate);
  press("n", view);
  EXPECT_EQ(view.order, TopView::Order::kConfigured);
  press("b", view);
  EXPECT_FALSE(view.servers);
}

TEST(TopKeys, AFilterIsTypedUpToEnter) {
  TopView view;
  view.first = 5;
  EXPECT_TRUE(press("/qbx\x7f", view)) << "q is a letter there";
  EXPECT_TRUE(view.typing);
  EXPECT_EQ(view.filter, "qb");
  EXPECT_EQ(view.first, 0U);
  press("\r", view);
  EXPECT_FALSE(view.typing);
  EXPECT_EQ(view.filter, "qb");
  press("/a\x1b", view);
  EXPECT_FALSE(view.typing);
  EXPECT_EQ(view.filter, "");
}

TEST(TopKeys, QLeaves) {
  TopView view;
  EXPECT_FALSE(press("q", view));
  EXPECT_TRUE(press("x\x1b[200~\x1b[", view)) << "what has no meaning does nothing";
}

}  // namespace
}  // namespace sluice::control
