#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "dataplane/tcp/testing/simulation.h"

namespace sluice::tcp::testing {

/// A client and a server, to be started with a test's own configuration; and what an attacker
/// between them would know: where each side's sequence numbers stand.
class PairFixture : public ::testing::Test {
 protected:
  static constexpr std::uint16_t kPort = 80;

  void start(const StackConfig& config = {}, Family family = Family::kIPv4,
             const std::optional<StackConfig>& server = {}) {
    simulation_ = std::make_unique<Simulation>(1, config, family, server);
    ASSERT_TRUE(simulation_->server().stack().listen(server_endpoint(), acceptor_));
    simulation_->inspect = [this](const SimulatedHost& sender, const Segment& segment) {
      const bool from_server = &sender == &server_host();
      (from_server ? from_server_ : from_client_) += 1;
      if (from_server) {
        server_next_ = segment.end();
        client_next_ = segment.acknowledgment;
        last_timestamp_ = segment.options.timestamps ? segment.options.timestamps->value : 0;
      } else if (segment.options.timestamps) {
        client_timestamp_ = segment.options.timestamps->value;
      }
      return !lose || !lose(from_server, segment);
    };
  }

  wire::Endpoint server_endpoint() { return {server_host().address(), kPort}; }
  SimulatedHost& client_host() { return simulation_->client(); }
  SimulatedHost& server_host() { return simulation_->server(); }
  const Counters& client_counters() { return client_host().stack().counters(); }
  const Counters& server_counters() { return server_host().stack().counters(); }
  Probe& server() { return *acceptor_.accepted.back(); }

  void connect(Probe& probe) {
    probe.stream = client_host().stack().connect(server_endpoint(), probe);
    ASSERT_NE(probe.stream, nullptr);
  }
  /// Another connection, open on both sides. The server's end is server().
  void establish(Probe& probe) {
    const std::size_t before = acceptor_.accepted.size();
    connect(probe);
    ASSERT_TRUE(eventually([&] { return probe.opened && acceptor_.accepted.size() > before; }));
  }
  void establish() { establish(client_); }

  bool eventually(const std::function<bool()>& done, Duration limit = std::chrono::seconds(30)) {
    return simulation_->run_until(done, limit);
  }
  void run_for(Duration time) { simulation_->run_for(time); }

  /// A segment as if the client's end of `client_` had sent it, with timestamps that pass. Given
  /// relative to where both sides stand.
  void forge(std::uint8_t flags, std::int32_t sequence, std::int32_t acknowledgment = 0,
             std::string_view payload = {}, std::uint16_t window = 1000) {
    wire::TcpOptions options;
    options.timestamps = {{client_timestamp_, last_timestamp_}};
    simulation_->inject(
        client_host(), server_host(),
        {client_.stream->local().port, kPort,
         client_next_.value() + static_cast<std::uint32_t>(sequence),
         server_next_.value() + static_cast<std::uint32_t>(acknowledgment), flags, window},
        payload, options);
    run_for(std::chrono::milliseconds(2));
  }

  std::unique_ptr<Simulation> simulation_;
  ProbeAcceptor acceptor_;
  Probe client_;
  /// Says which segments the link loses.
  std::function<bool(bool from_server, const Segment& segment)> lose;
  int from_client_ = 0;
  int from_server_ = 0;
  SequenceNumber server_next_;
  SequenceNumber client_next_;
  std::uint32_t client_timestamp_ = 0;
  std::uint32_t last_timestamp_ = 0;
};

}  // namespace sluice::tcp::testing
