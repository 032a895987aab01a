#include "bench/micro/exchange.h"

#include "dataplane/testing/eal.h"

namespace sluice::micro {
namespace {

constexpr Duration kTurn = std::chrono::microseconds(5);
constexpr std::uint32_t kBuffers = 16384;

tcp::StackConfig config_for(std::uint32_t connections) {
  tcp::StackConfig config;
  config.max_connections = connections;
  config.max_half_open = connections;
  config.max_time_wait = 4 * connections;
  return config;
}

HashKey key_with_eal_started() {
  testing::start_eal();
  return random_hash_key();
}

}  // namespace

DirectHost::DirectHost(const char* name, const wire::IpAddress& address, const Clock& clock,
                       const HashKey& flow_key, std::uint32_t connections)
    : address_(address),
      pool_(name, kBuffers),
      wheel_(clock),
      stack_(config_for(connections), clock, wheel_, pool_, *this, flow_key) {}

std::optional<ip::Path> DirectHost::path_to(const wire::IpAddress& /*destination*/) {
  port::Offloads offloads;
  offloads.multi_segment = true;
  return ip::Path{.source = address_, .mtu = 1500, .path_mtu = 1500, .offloads = offloads};
}

void DirectHost::note_path_mtu(const wire::IpAddress& /*destination*/, std::uint16_t /*mtu*/) {}

void DirectHost::send_tcp(Packet segment, const wire::IpAddress& source,
                          const wire::IpAddress& destination, ip::NextHop& /*next_hop*/,
                          wire::Ecn ecn) {
  sent_.push_back({.packet = std::move(segment),
                   .source = source,
                   .destination = destination,
                   .traffic_class = static_cast<std::uint8_t>(ecn)});
}

std::size_t DirectHost::hand_over(DirectHost& peer) {
  const std::size_t count = sent_.size();
  if (count > 0) peer.stack_.receive(sent_);
  sent_.clear();
  return count;
}

Exchange::Exchange(std::uint32_t connections)
    : flow_key_(key_with_eal_started()),
      client_("client", wire::IpAddress::v4(198, 18, 0, 1), clock_, flow_key_, connections),
      server_("server", wire::IpAddress::v4(198, 18, 0, 2), clock_, flow_key_, connections) {
  clock_.advance_by(std::chrono::seconds(1));
}

Exchange::~Exchange() {
  client_.stack().abort_all();
  server_.stack().abort_all();
  settle();
}

std::size_t Exchange::settle() {
  std::size_t total = 0;
  for (std::size_t moved = 1; moved > 0; total += moved) {
    clock_.advance_by(kTurn);
    client_.wheel().advance(64);
    server_.wheel().advance(64);
    client_.stack().flush();
    moved = client_.hand_over(server_);
    server_.stack().flush();
    moved += server_.hand_over(client_);
  }
  return total;
}

}  // namespace sluice::micro
