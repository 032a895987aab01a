#include "http/forward_window.h"

#include <gtest/gtest.h>

#include "dataplane/base/linked_list.h"

namespace sluice::http {
namespace {

TEST(ForwardWindow, HoldsWhatTheSinkOwes) {
  ForwardWindow window;
  window.forwarded(1000);
  EXPECT_EQ(window.release(1200), 0U) << "a head is under way, too";
  EXPECT_EQ(window.release(600), 400U);
  EXPECT_EQ(window.held(), 600U);
  EXPECT_EQ(window.release(0), 600U);
  EXPECT_EQ(window.release(0), 0U);
}

TEST(ForwardWindow, NeverHoldsMoreThanIsPending) {
  ForwardWindow window;
  window.forwarded(6000);  // one-byte chunks: 1000 bytes of data
  EXPECT_EQ(window.release(1000), 5000U);
  window.forwarded(10);
  EXPECT_EQ(window.release_all(), 1010U);
  EXPECT_EQ(window.held(), 0U);
}

struct Element : LinkedListNode<Element> {};

TEST(LinkedList, RemovesFromAnywhere) {
  LinkedList<Element> list;
  Element a;
  Element b;
  Element c;
  for (Element* element : {&a, &b, &c}) list.push_back(*element);
  list.remove(b);
  EXPECT_EQ(list.front(), &a);
  EXPECT_EQ(LinkedList<Element>::next(a), &c);
  list.remove(a);
  EXPECT_EQ(list.front(), &c);
  list.push_back(a);
  EXPECT_EQ(list.back(), &a);
  list.remove(a);
  list.remove(c);
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(list.size(), 0U);
}

}  // namespace
}  // namespace sluice::http
