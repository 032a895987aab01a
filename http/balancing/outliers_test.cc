#include "http/balancing/outliers.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

using namespace std::chrono_literals;

class OutliersTest : public ::testing::Test {
 protected:
  OutliersTest() {
    backend_.outliers.failures = 3;
    for (std::uint32_t i = 0; i < 4; ++i) {
      backend_.servers.push_back({.id = ServerId(i), .name = "", .address = {}});
    }
  }
  Duration fail(std::uint32_t server, int times = 1) {
    Duration out{};
    for (int i = 0; i < times; ++i) {
      out = note_server_failure(fleet_, backend_, ServerId(server), now_);
    }
    return out;
  }

  FleetState fleet_{1};
  Backend backend_;
  Instant now_{1s};
};

TEST_F(OutliersTest, SoManyFailuresInARowEject) {
  EXPECT_EQ(fail(0, 2), 0s);
  EXPECT_EQ(fail(0), backend_.outliers.time);
  EXPECT_TRUE(fleet_.server(ServerId(0)).ejected(now_));
}

TEST_F(OutliersTest, ASuccessBetweenThemSaves) {
  fail(0, 2);
  fleet_.server(ServerId(0)).succeeded();
  EXPECT_EQ(fail(0, 2), 0s);
}

TEST_F(OutliersTest, NoMoreThanTheShareAreOut) {
  EXPECT_NE(fail(0, 3), 0s);
  EXPECT_NE(fail(1, 3), 0s);
  EXPECT_EQ(fail(2, 30), 0s) << "half of four are out";
  now_ += backend_.outliers.time;
  EXPECT_NE(fail(2), 0s);
}

TEST_F(OutliersTest, OneMayAlwaysBeOut) {
  backend_.outliers.most_percent = 1;
  EXPECT_NE(fail(0, 3), 0s);
  EXPECT_EQ(fail(1, 3), 0s);
}

TEST_F(OutliersTest, NoneIsWithoutTheSetting) {
  backend_.outliers.failures = 0;
  EXPECT_EQ(fail(0, 1000), 0s);
}

}  // namespace
}  // namespace sluice::http
