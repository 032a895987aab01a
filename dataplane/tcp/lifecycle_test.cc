// What connections leave behind.
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <vector>

#include "dataplane/tcp/testing/pair_fixture.h"

namespace sluice::tcp {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using testing::PairFixture;
using testing::Probe;

class LifecycleTest : public PairFixture {
 protected:
  static constexpr int kAtATime = 500;

  // SLUICE_CONNECTIONS=2000000 is the long form.
  static std::uint64_t wanted() {
    const char* text = std::getenv("SLUICE_CONNECTIONS");
    return text == nullptr ? 10'000 : std::strtoull(text, nullptr, 10);
  }

  // Opens connections that ask, are answered and close; by either side first, and some by reset.
  void open_and_close(std::uint64_t first) {
    std::vector<std::unique_ptr<Probe>> probes;
    for (std::uint64_t number = first; number < first + kAtATime; ++number) {
      Probe& probe = *probes.emplace_back(std::make_unique<Probe>());
      ASSERT_NO_FATAL_FAILURE(connect(probe));
      probe.say("request", client_host().pool());
      probe.close_on_end = true;
      if (number % 3 == 0) probe.stream->finish();
      if (number % 97 == 0) std::exchange(probe.stream, nullptr)->abort();
    }
    ASSERT_TRUE(eventually([&] {
      return client_host().stack().connections() + server_host().stack().connections() == 0;
    }));
    acceptor_.accepted.clear();
  }
};

TEST_F(LifecycleTest, TablesAndPoolsReturnToTheirBeginnings) {
  StackConfig config;
  config.time_wait = milliseconds(200);
  start(config);
  simulation_->inspect = nullptr;
  simulation_->impairments.delay = milliseconds(1);
  acceptor_.prepare = [this](Probe& probe) {
    probe.close_on_end = true;
    probe.on_data_hook = [this, &probe] {
      if (probe.stream == nullptr) return;
      probe.say("response", server_host().pool());
      std::exchange(probe.stream, nullptr)->close();
    };
  };
  for (std::uint64_t done = 0; done < wanted(); done += kAtATime) {
    ASSERT_NO_FATAL_FAILURE(open_and_close(done)) << done;
  }
  run_for(minutes(2));
  EXPECT_GE(server_counters().connections_accepted.get(), wanted() * 9 / 10);
  EXPECT_TRUE(client_host().stack().untouched());
  EXPECT_TRUE(server_host().stack().untouched());
  EXPECT_EQ(client_host().pool().available(), client_host().pool().capacity());
  EXPECT_EQ(server_host().pool().available(), server_host().pool().capacity());
}

}  // namespace
}  // namespace sluice::tcp
