#include "http/testing/proxy_world.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <utility>

#include "http/characters.h"

namespace sluice::http::testing {

const wire::Endpoint ProxyWorld::kFrontend{wire::IpAddress::v4(198, 18, 1, 1), 80};
const wire::Endpoint ProxyWorld::kClient{wire::IpAddress::v4(198, 18, 0, 77), 50000};

wire::Endpoint ProxyWorld::server_address(std::size_t index) {
  return {wire::IpAddress::v4(198, 18, 2, static_cast<std::uint8_t>(index + 1)), 8080};
}

std::unique_ptr<Settings> ProxyWorld::make_settings(const Options& options) {
  auto made = std::make_unique<Settings>();
  auto frontend = std::make_unique<Frontend>();
  frontend->id = FrontendId(0);
  frontend->name = "www";
  frontend->bind = {kFrontend};
  frontend->default_backend = BackendId(0);
  if (options.frontend) options.frontend(*frontend);
  auto backend = std::make_unique<Backend>();
  backend->id = BackendId(0);
  backend->name = "farm";
  for (std::size_t i = 0; i < options.servers; ++i) {
    backend->servers.push_back(
        {ServerId(static_cast<std::uint32_t>(i)), "s" + std::to_string(i + 1), server_address(i)});
  }
  if (options.backend) options.backend(*backend);
  made->server_count = static_cast<std::uint32_t>(options.servers);
  made->frontends.push_back(std::move(frontend));
  made->backends.push_back(std::move(backend));
  return made;
}

ProxyWorld::ProxyWorld(const Options& options)
    : own_pool(options.pool == nullptr
                   ? std::make_unique<sluice::testing::TestPool>(options.buffers)
                   : nullptr),
      pool(options.pool == nullptr ? &**own_pool : options.pool),
      wheel(clock),
      fleet(options.workers),
      network(*pool),
      settings(make_settings(options)) {
  proxy = std::make_unique<Proxy>(ProxyEnvironment{.network = network,
                                                   .clock = clock,
                                                   .wheel = wheel,
                                                   .pool = *pool,
                                                   .graveyard = graveyard,
                                                   .hash_key = hash_key,
                                                   .fleet = fleet,
                                                   .access_log = options.access_log});
  EXPECT_EQ(proxy->adopt(*settings), 0U);
}

ProxyWorld::~ProxyWorld() {
  proxy.reset();
  graveyard.clear();
}

FakeStream& ProxyWorld::client() {
  FakeStream* stream = network.accept(kFrontend, kClient);
  if (stream == nullptr) throw std::runtime_error("the client was refused");
  return *stream;
}

void ProxyWorld::loop() {
  wheel.advance(10000);
  proxy->begin_loop(clock.now());
  graveyard.clear();
}

void ProxyWorld::pass(Duration time) {
  const Instant end = clock.now() + time;
  const Duration step = std::max<Duration>(time / 200, TimerWheel::kTick);
  while (clock.now() < end) {
    clock.advance_by(std::min<Duration>(step, end - clock.now()));
    loop();
  }
  clock.advance_by(2 * TimerWheel::kTick);  // a timer may fire a tick late
  loop();
}

std::string ProxyWorld::open_server(std::size_t index) {
  server(index).open();
  loop();
  return server(index).take();
}

void ProxyWorld::warm_up() {
  FakeStream& first = client();
  first.deliver("GET /warm HTTP/1.1\r\nHost: www.example\r\nConnection: close\r\n\r\n");
  open_server(network.connections() - 1);
  network.last_connection().acknowledge_all();
  network.last_connection().deliver(ok_response("warm"));
  loop();
}

std::string ok_response(std::string_view body, std::string_view fields) {
  std::string response = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size());
  response.append("\r\n").append(fields).append("\r\n").append(body);
  return response;
}

std::string field_of(std::string_view head, std::string_view name) {
  while (!head.empty()) {
    const std::size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && equals_ignoring_case(line.substr(0, colon), name)) {
      return std::string(trim(line.substr(colon + 1)));
    }
    if (end == std::string_view::npos || line.empty()) break;
    head.remove_prefix(end + 2);
  }
  return "(none)";
}

}  // namespace sluice::http::testing
