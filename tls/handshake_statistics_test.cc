#include "tls/handshake_statistics.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>

namespace sluice::tls {
namespace {

using namespace std::chrono_literals;

TEST(HandshakeStatistics, CountCipherSuitesAndTimesApartByKind) {
  const auto statistics = std::make_unique<HandshakeStatistics>();
  statistics->completed(0x1301, false, 1ms);
  statistics->completed(0x1301, true, 2ms);
  statistics->completed(0xc030, false, 3ms);
  statistics->completed(0x9999, false, 4ms);
  EXPECT_EQ(statistics->full().suites[0].get(), 1U);
  EXPECT_EQ(statistics->resumed().suites[0].get(), 1U);
  EXPECT_EQ(statistics->full().suites[7].get(), 1U);
  EXPECT_EQ(statistics->full().suites.back().get(), 1U) << "others";
  SmallDistribution times;
  times.add(statistics->full().time.histogram());
  EXPECT_EQ(times.count(), 3U);
}

TEST(HandshakeStatistics, CountFailuresByTheirReason) {
  const auto statistics = std::make_unique<HandshakeStatistics>();
  statistics->failed({Failure::Kind::kAlertReceived, 42});
  statistics->failed({Failure::Kind::kAlertReceived, 42});
  statistics->failed({Failure::Kind::kAlertSent, 40});
  statistics->failed({Failure::Kind::kNotTls});
  statistics->failed({});
  std::map<std::string, std::uint64_t> counted;
  statistics->for_each_failure([&counted](const Failure& failure, std::uint64_t count) {
    counted[to_string(failure)] = count;
  });
  EXPECT_EQ(counted, (std::map<std::string, std::uint64_t>{{"alert received: bad certificate", 2},
                                                           {"alert sent: handshake failure", 1},
                                                           {"not TLS", 1},
                                                           {"none", 1}}));
}

}  // namespace
}  // namespace sluice::tls
