#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/base/graveyard.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/testing/eal.h"
#include "http/balancing/fleet_state.h"
#include "http/proxy.h"
#include "http/testing/fake_network.h"

namespace sluice::http::testing {

/// A proxy with one worker's surroundings, peers played by the test, and time moved by hand. One
/// frontend ("www", 198.18.1.1:80) and one backend ("farm") with as many servers as asked for
/// (198.18.2.1:8080 and on).
class ProxyWorld {
 public:
  /// May change the settings before they are adopted.
  struct Options {
    std::size_t servers = 1;
    std::function<void(Frontend&)> frontend{};
    std::function<void(Backend&)> backend{};
    std::uint32_t buffers = 4096;
    std::uint32_t workers = 1;  ///< the proxy is the first one's
    /// Used instead of a pool of the world's own, when making one would take too long.
    PacketPool* pool = nullptr;
    AccessRecorder* access_log = nullptr;  ///< what is logged
  };
  ProxyWorld() : ProxyWorld(Options()) {}
  explicit ProxyWorld(const Options& options);
  ~ProxyWorld();

  /// A new client's connection, which must be accepted.
  FakeStream& client();
  /// The n-th connection that the proxy has opened to a server, from 0; it must exist.
  FakeStream& server(std::size_t index) { return network.connection(index); }

  /// Lets the worker's loop go round once.
  void loop();
  /// Moves time on, with loops on the way.
  void pass(Duration time);
  /// Opens a server's connection and returns the request bytes that came on it.
  std::string open_server(std::size_t index);

  /// A plain request through to a response: leaves one idle pooled connection, server(0).
  void warm_up();

  const FrontendCounters& frontend_counters() { return *proxy->frontend_counters().find(0); }
  const BackendCounters& backend_counters() { return *proxy->backend_counters().find(0); }
  const ServerCounters& server_counters(std::size_t id = 0) {
    return *proxy->server_counters().find(id);
  }

  /// Settings like the first ones, to be changed and adopted.
  static std::unique_ptr<Settings> make_settings(const Options& options);
  static wire::Endpoint server_address(std::size_t index);
  static const wire::Endpoint kFrontend;
  static const wire::Endpoint kClient;

  std::unique_ptr<sluice::testing::TestPool> own_pool;
  PacketPool* pool;
  Clock clock;
  TimerWheel wheel;
  Graveyard graveyard;
  HashKey hash_key{1, 2};
  FleetState fleet;  // of further workers a test may tell what it likes
  FakeNetwork network;
  std::unique_ptr<Settings> settings;
  std::unique_ptr<Proxy> proxy;
};

/// A response with this body.
std::string ok_response(std::string_view body, std::string_view fields = "");

/// The value of a field in a head, or "(none)"; the first of several.
std::string field_of(std::string_view head, std::string_view name);

}  // namespace sluice::http::testing
