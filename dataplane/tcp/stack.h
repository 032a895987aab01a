#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/base/object_pool.h"
#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/buffer/packet_pool.h"
#include "dataplane/ip/egress.h"
#include "dataplane/ip/transport.h"
#include "dataplane/stream.h"
#include "dataplane/tcp/config.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/core.h"
#include "dataplane/tcp/half_open.h"
#include "dataplane/tcp/listeners.h"
#include "dataplane/tcp/local_ports.h"
#include "dataplane/tcp/time_wait.h"

namespace sluice::tcp {

/// Which worker a stack belongs to, of how many that share the interfaces.
struct WorkerShare {
  std::uint32_t index = 0;
  std::uint32_t count = 1;
};

/// One worker's TCP: its connections, listeners and timers. Everything is called by that worker.
class Stack final : public ip::Transport, public StreamNetwork {
 public:
  /// `flow_key` is the same for all workers, since the flow hash decides which of them owns a
  /// connection. Throws std::bad_alloc when the address space for the tables cannot be had.
  Stack(const StackConfig& config, const Clock& clock, TimerWheel& wheel, PacketPool& pool,
        ip::Egress& egress, const HashKey& flow_key, WorkerShare share = {});
  ~Stack();

  // ip::Transport
  void receive(std::span<ip::Datagram> burst) override;
  void delivery_failed(const ip::DeliveryFailure& failure) override;

  // StreamNetwork
  bool listen(const wire::Endpoint& local, Acceptor& acceptor) override;
  void stop_listening(const wire::Endpoint& local) override;
  Stream* connect(const wire::Endpoint& remote, StreamHandler& handler) override;
  /// The same from one of our own addresses, of the same family.
  Stream* connect_from(const wire::IpAddress& source, const wire::Endpoint& remote,
                       StreamHandler& handler);
  /// Connections there is room for.
  [[nodiscard]] std::uint32_t capacity() const { return connections_.capacity(); }
  /// Whether there is no room for another connection.
  [[nodiscard]] bool full() const { return connections_.size() == connections_.capacity(); }

  /// Ends a burst: sends what connections have queued and acknowledges what they received, once
  /// each, frees what has ended, and forgets old TIME_WAIT records. Returns how much it did.
  std::size_t flush();

  /// Resets the connection in a place, if there is one, and tells its handler (kShutDown).
  void shut_down(std::uint32_t place);
  /// Resets every connection, without telling its handler: for the end of the process.
  void abort_all();

  [[nodiscard]] const Counters& counters() const { return core_.counters; }
  [[nodiscard]] std::uint32_t connections() const { return connections_.size(); }
  /// The places of connections, to look at them in parts: the connection in one, or nullptr, and
  /// how many were ever used.
  [[nodiscard]] const Connection* connection_at(std::uint32_t place) const {
    return place < connections_.touched() ? connections_.at(place) : nullptr;
  }
  [[nodiscard]] std::uint32_t connection_places() const { return connections_.touched(); }
  [[nodiscard]] std::uint32_t half_open() const { return half_open_.size(); }
  [[nodiscard]] std::uint32_t time_wait() const { return time_wait_.size(); }
  /// Whether tables and pools are as they were before the first connection.
  [[nodiscard]] bool untouched() const;

 private:
  static constexpr std::size_t kBurst = 64;

  struct Parsed {
    Segment segment;
    ip::Datagram* datagram = nullptr;
    std::uint64_t hash = 0;
    FlowRef found;
  };

  void receive_some(std::span<ip::Datagram> burst);
  void dispatch(Parsed& parsed);
  void receive_without_connection(Segment& segment, std::uint64_t hash);
  void receive_in_time_wait(std::uint32_t index, Segment& segment, std::uint64_t hash);
  [[nodiscard]] bool listened_to(const Segment& segment) const;
  void complete_handshake(HalfOpen& entry, Segment& segment);
  void accept(const Handshake& handshake, std::uint64_t hash, Instant sent_once_at,
              Segment& segment);
  [[nodiscard]] FlowRef find(const wire::FlowKey& flow, std::uint64_t hash) const;
  [[nodiscard]] const wire::FlowKey& flow_of(FlowRef ref) const;
  Stream* open(const std::optional<wire::IpAddress>& source, const wire::Endpoint& remote,
               StreamHandler& handler);
  bool register_connection(Connection& connection);
  std::size_t send_what_is_ready();
  void free_finished();
  void adapt_receive_limit();
  void relieve_memory();

  Core core_;
  const WorkerShare share_;
  Listeners listeners_;
  LocalPorts local_ports_;
  ObjectPool<Connection> connections_;
  mutable HalfOpenTable half_open_;
  TimeWaitTable time_wait_;
  std::uint32_t relief_hand_ = 0;      // the place in connections_ that was looked at last
  std::array<Parsed, kBurst> parsed_;  // a burst's segments, without payload between bursts
};

}  // namespace sluice::tcp
