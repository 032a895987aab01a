#include "http/balancing/server_state.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

using namespace std::chrono_literals;

const Instant kStart{5s};

TEST(ServerState, BeginsFitAndInRotationSinceEver) {
  const ServerState state;
  EXPECT_TRUE(state.fit(Instant{}));
  EXPECT_EQ(state.in_rotation_since(), Instant::min());
}

TEST(ServerState, OnlyOneWorkerClaimsTheTrialAfterAPause) {
  ServerState state;
  EXPECT_TRUE(state.pause(kStart, 2s));
  EXPECT_FALSE(state.pause(kStart, 2s)) << "it was paused already";
  EXPECT_FALSE(state.fit(kStart + 1s));
  EXPECT_TRUE(state.fit(kStart + 2s));
  state.claim_trial(kStart + 2s, 2s);
  EXPECT_FALSE(state.fit(kStart + 3s));
  state.end_pause(kStart + 3s);
  EXPECT_TRUE(state.fit(kStart + 3s));
  EXPECT_EQ(state.in_rotation_since(), kStart + 3s);
}

TEST(ServerState, AClaimWithoutAPauseChangesNothing) {
  ServerState state;
  state.claim_trial(kStart, 2s);
  EXPECT_TRUE(state.fit(kStart));
  EXPECT_FALSE(state.paused());
}

TEST(ServerState, EachFurtherEjectionIsLonger) {
  ServerState state;
  Instant now = kStart;
  for (const Duration expected : {10s, 20s, 25s, 25s}) {
    EXPECT_EQ(state.eject(now, 10s, 25s), expected);
    EXPECT_TRUE(state.ejected(now));
    EXPECT_EQ(state.eject(now, 10s, 25s), 0s) << "it is out already";
    now += expected;
    EXPECT_FALSE(state.ejected(now));
    EXPECT_EQ(state.in_rotation_since(), now);
  }
  EXPECT_EQ(state.ejections(), 4U);
}

TEST(ServerState, WhoStayedInLongEnoughIsForgiven) {
  ServerState state;
  state.eject(kStart, 10s, 25s);
  EXPECT_EQ(state.eject(kStart + 10s + 25s, 10s, 25s), 10s);
}

TEST(ServerState, ASuccessEndsTheRowOfFailures) {
  ServerState state;
  EXPECT_EQ(state.failed(), 1U);
  EXPECT_EQ(state.failed(), 2U);
  state.succeeded();
  EXPECT_EQ(state.failed(), 1U);
}

TEST(ServerState, ComesBackIntoRotationWhenChecksFindItUp) {
  ServerState state;
  state.set_verdict(CheckVerdict::kDown, kStart);
  EXPECT_TRUE(state.out());
  state.set_verdict(CheckVerdict::kUp, kStart + 1s);
  EXPECT_TRUE(state.fit(kStart + 1s));
  EXPECT_EQ(state.in_rotation_since(), kStart + 1s);
}

TEST(ServerState, AnotherAddressIsAnotherServer) {
  ServerState state;
  state.pause(kStart, 2s);
  state.eject(kStart, 10s, 20s);
  state.forget();
  EXPECT_TRUE(state.fit(kStart));
}

}  // namespace
}  // namespace sluice::http
