#include "dataplane/tcp/stack.h"

#include <algorithm>
#include <array>

namespace sluice::tcp {
namespace {

// TIME_WAIT records forgotten in one burst, at most.
constexpr std::size_t kExpiryBudget = 256;
// Connections looked at for what they could give up, in one burst.
constexpr std::uint32_t kReliefBudget = 32;
// Connections that could not send, before the others wait for the next pass.
constexpr std::size_t kFailedOutputs = 64;
// Windows below this, or below a quarter of the largest, mean that buffers are short.
constexpr std::uint32_t kSmallWindow = 16 * 1024;

bool opens(const Segment& segment) {
  return segment.has(wire::kSyn) && !segment.has(wire::kAck) && !segment.has(wire::kFin) &&
         !segment.has(wire::kRst);
}

}  // namespace

Stack::Stack(const StackConfig& config, const Clock& clock, TimerWheel& wheel, PacketPool& pool,
             ip::Egress& egress, const HashKey& flow_key, WorkerShare share)
    : core_(config, clock, wheel, pool, egress, flow_key),
      share_(share),
      local_ports_(config.first_local_port, config.last_local_port),
      connections_(config.max_connections),
      half_open_(core_, config.max_half_open),
      time_wait_(core_, config.max_time_wait) {
  core_.time_wait = &time_wait_;
}

Stack::~Stack() = default;

bool Stack::listen(const wire::Endpoint& local, Acceptor& acceptor) {
  return listeners_.add(local, acceptor);
}

void Stack::stop_listening(const wire::Endpoint& local) {
  listeners_.remove(local);
}

const wire::FlowKey& Stack::flow_of(FlowRef ref) const {
  switch (ref.kind()) {
    case FlowKind::kHalfOpen:
      return half_open_[ref.index()].flow();
    case FlowKind::kTimeWait:
      return time_wait_.flow_of(ref.index());
    default:
      return connections_[ref.index()].flow();
  }
}

FlowRef Stack::find(const wire::FlowKey& flow, std::uint64_t hash) const {
  return core_.flows.find(hash, [&](FlowRef ref) { return flow_of(ref) == flow; });
}

void Stack::receive(std::span<ip::Datagram> burst) {
  while (!burst.empty()) {
    const std::size_t size = std::min(burst.size(), kBurst);
    receive_some(burst.first(size));
    burst = burst.subspan(size);
  }
}

// Three passes, so that one packet's cache misses are waited for while others are worked on: read
// the headers and call for the buckets; look up and call for the connections; process.
void Stack::receive_some(std::span<ip::Datagram> burst) {
  std::size_t count = 0;
  for (ip::Datagram& datagram : burst) {
    Parsed& next = parsed_[count];
    switch (parse_segment(datagram, next.segment)) {
      case SegmentFault::kNone:
        next.datagram = &datagram;
        next.hash = wire::flow_hash(core_.flow_key, next.segment.flow);
        core_.flows.prefetch(next.hash);
        ++count;
        break;
      case SegmentFault::kMalformed:
        core_.counters.malformed.add();
        break;
      case SegmentFault::kBadChecksum:
        core_.counters.bad_checksum.add();
        break;
    }
  }
  core_.counters.segments_received.add(count);
  const std::span parsed = std::span(parsed_).first(count);
  for (Parsed& next : parsed) {
    next.found = find(next.segment.flow, next.hash);
    if (next.found.kind() == FlowKind::kConnection) {
      const auto* lines =
          reinterpret_cast<const char*>(connections_.address_of(next.found.index()));
      __builtin_prefetch(lines + 64);
      __builtin_prefetch(lines + 128);
    }
  }
  for (Parsed& next : parsed) {
    take_payload(*next.datagram, next.segment);
    dispatch(next);
    next.segment.payload.clear();
  }
}

// What was found before may be gone: an earlier segment of the burst can have ended it. A
// connection that has ended stays where it is to the end of the burst.
void Stack::dispatch(Parsed& parsed) {
  Segment& segment = parsed.segment;
  if (parsed.found.kind() == FlowKind::kConnection) {
    Connection& connection = connections_[parsed.found.index()];
    if (connection.state() != State::kClosed) return connection.receive(segment);
  }
  const std::uint64_t hash = parsed.hash;
  const FlowRef ref = find(segment.flow, hash);
  switch (ref.kind()) {
    case FlowKind::kConnection:
      connections_[ref.index()].receive(segment);
      return;
    case FlowKind::kHalfOpen: {
      HalfOpen& entry = half_open_[ref.index()];
      if (half_open_.receive(entry, segment) == HalfOpenTable::Verdict::kComplete) {
        complete_handshake(entry, segment);
      }
      return;
    }
    case FlowKind::kTimeWait:
      receive_in_time_wait(ref.index(), segment, hash);
      return;
    case FlowKind::kNone:
      receive_without_connection(segment, hash);
      return;
  }
}

void Stack::receive_in_time_wait(std::uint32_t index, Segment& segment, std::uint64_t hash) {
  if (!opens(segment) || !time_wait_.may_reopen(index, segment)) {
    time_wait_.receive(index, segment);
    return;
  }
  if (!listened_to(segment)) {
    core_.counters.unexpected_segments.add();
    core_.writer.reset(segment);
    return;
  }
  core_.counters.syns_received.add();
  const SequenceNumber least = time_wait_.least_sequence(index);
  if (half_open_.open(segment, hash, later_of(least, core_.initial_sequence(segment.flow)),
                      least)) {
    core_.counters.time_wait_reused.add();
    time_wait_.forget(index);
  }
}

bool Stack::listened_to(const Segment& segment) const {
  return listeners_.find(segment.flow.local, segment.flow.local_port).acceptor != nullptr;
}

// CLOSED and LISTEN of RFC 9293 sections 3.10.7.1 and 3.10.7.2. In LISTEN an ACK may bring back
// a SYN cookie.
void Stack::receive_without_connection(Segment& segment, std::uint64_t hash) {
  if (segment.has(wire::kRst)) {
    core_.counters.resets_unexpected.add();
    return;
  }
  const bool listening = listened_to(segment);
  if (listening && opens(segment)) {
    core_.counters.syns_received.add();
    half_open_.open(segment, hash, core_.initial_sequence(segment.flow));
    return;
  }
  if (listening && !segment.has(wire::kAck)) {
    core_.counters.listener_ignored.add();
    return;
  }
  if (listening) {
    if (const auto handshake = half_open_.redeem(segment)) {
      if (full()) {
        core_.counters.accepts_dropped_full.add();
        return;
      }
      core_.counters.syn_cookies_accepted.add();
      accept(*handshake, hash, kNever, segment);
      return;
    }
  }
  core_.counters.unexpected_segments.add();
  core_.writer.reset(segment);
}

void Stack::complete_handshake(HalfOpen& entry, Segment& segment) {
  if (full()) {
    // The peer will try again with its next segment; the entry waits for a place until it expires.
    core_.counters.accepts_dropped_full.add();
    return;
  }
  const Handshake handshake = entry.handshake();
  const std::uint64_t hash = entry.hash();
  const Instant sent_once_at = entry.sent_once_at();
  half_open_.remove(entry);
  accept(handshake, hash, sent_once_at, segment);
}

// Makes the connection and gives it the segment that completed the handshake. There is room for it.
void Stack::accept(const Handshake& handshake, std::uint64_t hash, Instant sent_once_at,
                   Segment& segment) {
  const Listeners::Found listener =
      listeners_.find(handshake.flow.local, handshake.flow.local_port);
  if (listener.acceptor == nullptr) {
    core_.writer.reset(segment);
    return;
  }
  Connection* connection =
      connections_.make(core_, handshake.flow, hash, handshake.path, handshake.negotiated,
                        handshake.initial_send, handshake.initial_receive);
  if (sent_once_at != kNever) connection->sample_round_trip(core_.now() - sent_once_at);
  register_connection(*connection);
  core_.counters.connections_accepted.add();
  StreamHandler* handler = listener.acceptor->on_accept(*connection, listener.endpoint);
  if (handler == nullptr) {
    connection->abort();
    return;
  }
  connection->set_handler(*handler);
  connection->receive(segment);
}

bool Stack::register_connection(Connection& connection) {
  connection.self_ = FlowRef(FlowKind::kConnection, connections_.index_of(connection));
  return core_.flows.insert(connection.hash(), connection.self_);
}

Stream* Stack::connect(const wire::Endpoint& remote, StreamHandler& handler) {
  return open({}, remote, handler);
}

Stream* Stack::connect_from(const wire::IpAddress& source, const wire::Endpoint& remote,
                            StreamHandler& handler) {
  return open(source, remote, handler);
}

// From the path's own source where none is given.
Stream* Stack::open(const std::optional<wire::IpAddress>& source, const wire::Endpoint& remote,
                    StreamHandler& handler) {
  const auto path = core_.egress.path_to(remote.address);
  if (!path) {
    core_.counters.connects_no_route.add();
    return nullptr;
  }
  wire::FlowKey flow{
      .local = source.value_or(path->source), .remote = remote.address, .remote_port = remote.port};
  if (full()) {
    core_.counters.connects_full.add();
    return nullptr;
  }
  std::uint64_t hash = 0;
  FlowRef present;
  const bool chosen = local_ports_.choose(flow, [&](const wire::FlowKey& candidate) {
    hash = wire::flow_hash(core_.flow_key, candidate);
    if (wire::owner_of(hash, share_.count) != share_.index) return false;
    present = find(candidate, hash);
    return present.kind() == FlowKind::kNone ||
           (present.kind() == FlowKind::kTimeWait && time_wait_.may_reconnect(present.index()));
  });
  if (!chosen) {
    core_.counters.connects_no_port.add();
    return nullptr;
  }
  SequenceNumber initial_send = core_.initial_sequence(flow);
  if (present.kind() == FlowKind::kTimeWait) {
    initial_send = later_of(time_wait_.least_sequence(present.index()), initial_send);
    core_.counters.time_wait_reconnected.add();
    time_wait_.forget(present.index());
  }
  Connection* connection = connections_.make(core_, flow, hash, *path, handler, initial_send);
  if (connection == nullptr) return nullptr;
  if (!register_connection(*connection)) {
    connection->close();
    return nullptr;
  }
  return connection;
}

void Stack::delivery_failed(const ip::DeliveryFailure& failure) {
  const wire::FlowKey flow{.local = failure.local,
                           .remote = failure.remote,
                           .local_port = failure.local_port,
                           .remote_port = failure.remote_port};
  const FlowRef ref = find(flow, wire::flow_hash(core_.flow_key, flow));
  if (ref.kind() == FlowKind::kConnection) connections_[ref.index()].delivery_failed(failure);
}

std::size_t Stack::flush() {
  adapt_receive_limit();
  relieve_memory();
  std::size_t done = send_what_is_ready();
  done += time_wait_.expire(kExpiryBudget);
  free_finished();
  core_.counters.connections.set(connections_.size());
  core_.counters.half_open.set(half_open_.size());
  core_.counters.time_wait.set(time_wait_.size());
  return done;
}

// Where a port has no room, or buffers are short, thousands may wait: some of them try in each
// pass, in turn, so that a pass stays short and those with another port are not far behind.
std::size_t Stack::send_what_is_ready() {
  std::size_t done = 0;
  std::size_t left = core_.ready.size();
  for (std::size_t failed = 0; left > 0 && failed < kFailedOutputs; --left) {
    Connection& connection = core_.ready.pop();
    if (connection.output()) {
      ++done;
    } else {
      connection.schedule();
      ++failed;
    }
  }
  return done + left;
}

// A connection that is still on the ready list waits for the next flush.
void Stack::free_finished() {
  std::size_t kept = 0;
  for (Connection* connection : core_.finished) {
    if (connection->scheduled_) {
      core_.finished[kept++] = connection;
    } else {
      connections_.destroy(*connection);
    }
  }
  core_.finished.resize(kept);
}

// Windows shrink as buffers run out (after Choudhury and Hahne, "Dynamic queue length thresholds",
// 1998), so that many slow readers together cannot take all of them. They reach zero well before
// the pool is under pressure, where new connections are refused.
void Stack::adapt_receive_limit() {
  const std::uint32_t reserve = Core::reserve(core_.pool);
  const std::uint32_t available = core_.pool.scarcest();
  const std::uint64_t usable = available > reserve ? available - reserve : 0;
  core_.receive_limit = static_cast<std::uint32_t>(
      std::min<std::uint64_t>(core_.largest_window, usable * kBytesPerBuffer / Core::kBufferShare));
}

// Windows have shrunk for everybody: those who hold buffers without use give them up first. A part
// of the connections at a time.
void Stack::relieve_memory() {
  const MemoryPressure pressure = core_.pool.pressure();
  const std::uint32_t small = std::min(core_.largest_window / 4, kSmallWindow);
  if (pressure == MemoryPressure::kNone && core_.receive_limit >= small) return;
  for (std::uint32_t i = 0; i < std::min(kReliefBudget, connections_.touched()); ++i) {
    relief_hand_ = (relief_hand_ + 1) % connections_.touched();
    Connection* connection = connections_.at(relief_hand_);
    if (connection != nullptr) connection->relieve_memory(pressure);
  }
}

bool Stack::untouched() const {
  return connections() == 0 && half_open() == 0 && time_wait() == 0 && core_.flows.size() == 0 &&
         core_.held_runs.size() == 0 && core_.ranges.some.size() == 0 &&
         core_.ranges.many.size() == 0 && core_.recoveries.size() == 0;
}

void Stack::shut_down(std::uint32_t place) {
  if (connection_at(place) != nullptr) connections_.at(place)->shut_down();
}

void Stack::abort_all() {
  connections_.for_each([](Connection& connection) {
    if (connection.awaits_fin_) {
      connection.end_orphan();
    } else {
      connection.abort();
    }
  });
  free_finished();
}

}  // namespace sluice::tcp
