#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/buffer/packet_pool.h"
#include "dataplane/ip/egress.h"
#include "dataplane/tcp/stack.h"

namespace sluice::micro {

/// A TCP stack whose segments go straight to another one: nothing but TCP is measured.
class DirectHost final : public ip::Egress {
 public:
  /// EAL must have started. `flow_key` is the same for both hosts.
  DirectHost(const char* name, const wire::IpAddress& address, const Clock& clock,
             const HashKey& flow_key, std::uint32_t connections);

  std::optional<ip::Path> path_to(const wire::IpAddress& destination) override;
  void note_path_mtu(const wire::IpAddress& destination, std::uint16_t mtu) override;
  void send_tcp(Packet segment, const wire::IpAddress& source, const wire::IpAddress& destination,
                ip::NextHop& next_hop, wire::Ecn ecn) override;

  /// Gives a peer what this host has sent, as one burst. Returns how many segments that were.
  std::size_t hand_over(DirectHost& peer);

  tcp::Stack& stack() { return stack_; }
  TimerWheel& wheel() { return wheel_; }
  PacketPool& pool() { return pool_; }
  [[nodiscard]] const wire::IpAddress& address() const { return address_; }

 private:
  wire::IpAddress address_;
  PacketPool pool_;
  TimerWheel wheel_;
  tcp::Stack stack_;
  std::vector<ip::Datagram> sent_;
};

/// Two stacks and their time.
class Exchange {
 public:
  /// With room for so many connections on each side. Starts EAL.
  explicit Exchange(std::uint32_t connections);
  ~Exchange();

  /// Carries segments to and fro, a few microseconds a turn, until nothing is under way. Returns
  /// how many segments there were.
  std::size_t settle();

  DirectHost& client() { return client_; }
  DirectHost& server() { return server_; }
  Clock& clock() { return clock_; }

 private:
  Clock clock_;
  const HashKey flow_key_;
  DirectHost client_;
  DirectHost server_;
};

}  // namespace sluice::micro
