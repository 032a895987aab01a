#include "dataplane/tcp/testing/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "dataplane/wire/checksum.h"

namespace sluice::tcp::testing {
namespace {

constexpr std::uint8_t kTcpProtocol = 6;

wire::IpAddress address_of(Family family, std::uint8_t number) {
  if (family == Family::kIPv4) return wire::IpAddress::v4(198, 18, 0, number);
  return *wire::IpAddress::parse("2001:db8::" + std::to_string(number));
}

StackConfig small(StackConfig config) {
  config.max_connections = std::min(config.max_connections, 4096U);
  config.max_half_open = std::min(config.max_half_open, 1024U);
  return config;
}

void fill_in_checksum(std::vector<std::uint8_t>& segment, const wire::IpAddress& source,
                      const wire::IpAddress& destination) {
  wire::store_be16(&segment[16], 0);
  wire::InternetSum sum = wire::pseudo_header_sum(source, destination, kTcpProtocol,
                                                  static_cast<std::uint32_t>(segment.size()));
  sum.add(segment);
  wire::store_be16(&segment[16], sum.checksum());
}

}  // namespace

SimulatedHost::SimulatedHost(Simulation& simulation, const wire::IpAddress& address,
                             const StackConfig& config)
    : simulation_(simulation),
      address_(address),
      pool_(4096),
      wheel_(simulation.clock()),
      stack_(config, simulation.clock(), wheel_, *pool_, *this, simulation.flow_key_) {}

std::optional<ip::Path> SimulatedHost::path_to(const wire::IpAddress& /*destination*/) {
  return ip::Path{
      .source = address_, .mtu = mtu, .path_mtu = std::min(mtu, path_mtu), .offloads = offloads};
}

void SimulatedHost::note_path_mtu(const wire::IpAddress& /*destination*/, std::uint16_t narrower) {
  path_mtu = narrower;
}

void SimulatedHost::send_tcp(Packet segment, const wire::IpAddress& source,
                             const wire::IpAddress& destination, ip::NextHop& /*next_hop*/,
                             wire::Ecn ecn) {
  Simulation::Flight flight{{}, source, destination, ecn};
  for (const rte_mbuf* piece = segment.get(); piece != nullptr; piece = piece->next) {
    const auto* data = rte_pktmbuf_mtod(piece, const std::uint8_t*);
    flight.bytes.insert(flight.bytes.end(), data, data + piece->data_len);
  }
  if ((segment.get()->ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0) {
    simulation_.carry_pieces(*this, *segment.get(), flight);
    return;
  }
  if ((segment.get()->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM) != 0) {
    fill_in_checksum(flight.bytes, source, destination);
  }
  simulation_.carry(*this, std::move(flight));
}

Simulation::Simulation(std::uint64_t seed, const StackConfig& config, Family family,
                       const std::optional<StackConfig>& server)
    : random_(seed) {
  client_ = std::make_unique<SimulatedHost>(*this, address_of(family, 1), small(config));
  server_ =
      std::make_unique<SimulatedHost>(*this, address_of(family, 2), small(server.value_or(config)));
}

Simulation::~Simulation() {
  inspect = nullptr;
  client_->stack().abort_all();
  server_->stack().abort_all();
}

bool Simulation::chance(double probability) {
  return probability > 0 && std::uniform_real_distribution<>(0, 1)(random_) < probability;
}

// What a port with TSO does: cuts the payload, gives each piece its own header.
void Simulation::carry_pieces(const SimulatedHost& sender, rte_mbuf& segment, const Flight& whole) {
  const std::size_t header = segment.l4_len;
  const std::uint32_t sequence = wire::load_be32(&whole.bytes[4]);
  for (std::size_t at = header; at < whole.bytes.size(); at += segment.tso_segsz) {
    const std::size_t end = std::min<std::size_t>(at + segment.tso_segsz, whole.bytes.size());
    Flight piece{{whole.bytes.begin(), whole.bytes.begin() + static_cast<std::ptrdiff_t>(header)},
                 whole.source,
                 whole.destination,
                 whole.ecn};
    piece.bytes.insert(piece.bytes.end(), whole.bytes.begin() + static_cast<std::ptrdiff_t>(at),
                       whole.bytes.begin() + static_cast<std::ptrdiff_t>(end));
    wire::store_be32(&piece.bytes[4], sequence + static_cast<std::uint32_t>(at - header));
    if (end != whole.bytes.size()) {
      piece.bytes[13] &= static_cast<std::uint8_t>(~(wire::kFin | wire::kPsh));
    }
    fill_in_checksum(piece.bytes, piece.source, piece.destination);
    carry(sender, std::move(piece));
  }
}

void Simulation::carry(const SimulatedHost& sender, Flight flight) {
  if (inspect) {
    ip::Datagram datagram{.packet = server_->pool_->copy(flight.bytes),
                          .source = flight.source,
                          .destination = flight.destination,
                          .checksum_verified = true,
                          .traffic_class = static_cast<std::uint8_t>(flight.ecn)};
    Segment segment;
    if (parse_segment(datagram, segment) == SegmentFault::kNone) {
      take_payload(datagram, segment);
      if (!inspect(sender, segment)) return;
    }
  }
  if (too_big(flight)) {
    flight.too_big = true;
    if (impairments.reports_too_big) launch(std::move(flight));
    return;
  }
  if (chance(impairments.loss)) return;
  if (chance(impairments.duplication)) launch(flight);
  launch(std::move(flight));
}

bool Simulation::too_big(const Flight& flight) const {
  const std::size_t header = flight.source.is_v4() ? 20 : 40;
  return flight.bytes.size() + header > impairments.largest_packet;
}

// What the IP layer makes of a router's message.
void Simulation::report_too_big(const Flight& flight) {
  SimulatedHost& host = flight.source == client_->address() ? *client_ : *server_;
  host.stack().delivery_failed({.problem = ip::DeliveryProblem::kPacketTooBig,
                                .local = flight.source,
                                .remote = flight.destination,
                                .local_port = wire::load_be16(&flight.bytes[0]),
                                .remote_port = wire::load_be16(&flight.bytes[2]),
                                .sequence = wire::load_be32(&flight.bytes[4]),
                                .mtu = impairments.largest_packet});
}

void Simulation::launch(Flight flight) {
  Direction& direction = flight.destination == server_->address() ? up_ : down_;
  if (lost_in_burst(direction)) return;
  const auto queued = queue_for(direction, flight.bytes.size());
  if (!queued) return;
  mark(flight, *queued);
  Duration delay = impairments.delay + *queued;
  if (impairments.jitter > Duration::zero()) {
    delay += Duration(static_cast<std::int64_t>(random_()) % impairments.jitter.count());
    delay = std::max(delay, Duration::zero());
  }
  if (chance(impairments.reordering)) delay += impairments.delay * (1 + random_() % 4);
  if (chance(impairments.corruption)) {
    flight.bytes[random_() % flight.bytes.size()] ^= static_cast<std::uint8_t>(1 + random_() % 255);
  }
  const Instant arrival = clock_.now() + delay;
  overtake(direction, arrival);
  if (chance(impairments.overtaken)) {
    // Where nothing overtakes it, it comes three delays late.
    const auto place = in_flight_.emplace(arrival + 3 * impairments.delay, std::move(flight));
    direction.held_back.push_back({place, impairments.overtaken_by});
  } else {
    in_flight_.emplace(arrival, std::move(flight));
  }
}

bool Simulation::lost_in_burst(Direction& direction) {
  if (impairments.burst_begin <= 0) return false;
  const Instant now = clock_.now();
  if (direction.burst_until <= now && chance(impairments.burst_begin)) {
    const double length = std::exponential_distribution<>()(random_) *
                          static_cast<double>(impairments.burst_length.count());
    direction.burst_until = now + Duration(static_cast<std::int64_t>(length));
  }
  return direction.burst_until > now && chance(impairments.burst_loss);
}

// How long a packet waits for the link and is on it; nothing when the queue is full.
std::optional<Duration> Simulation::queue_for(Direction& direction, std::size_t size) {
  if (impairments.rate == 0) return Duration::zero();
  constexpr std::size_t kLowerHeaders = 20 + 14;
  const auto time_for = [&](std::size_t bytes) {
    return Duration(static_cast<std::int64_t>(bytes * 8 * 1'000'000'000 / impairments.rate));
  };
  const Instant start = std::max(direction.busy_until, clock_.now());
  if (start - clock_.now() > time_for(impairments.queue)) return {};
  direction.busy_until = start + time_for(size + kLowerHeaders);
  return direction.busy_until - clock_.now();
}

void Simulation::mark(Flight& flight, Duration queued) {
  const auto waiting =
      static_cast<double>(queued.count()) / 8e9 * static_cast<double>(impairments.rate);
  const bool congested =
      impairments.marks_above > 0 && waiting > static_cast<double>(impairments.marks_above);
  if (flight.ecn == wire::Ecn::kNotCapable || !(congested || chance(impairments.marking))) return;
  flight.ecn = wire::Ecn::kCongestion;
  ++marked_;
}

// Lets those go that have waited for enough others.
void Simulation::overtake(Direction& direction, Instant arrival) {
  std::erase_if(direction.held_back, [&](Direction::HeldBack& held) {
    if (--held.until_overtaken > 0) return false;
    const Instant released = arrival + std::chrono::microseconds(1);
    if (held.place->first > released) {
      auto node = in_flight_.extract(held.place);
      node.key() = released;
      in_flight_.insert(std::move(node));
    }
    return true;
  });
}

void Simulation::deliver_due() {
  while (!in_flight_.empty() && in_flight_.begin()->first <= clock_.now()) {
    for (Direction* direction : {&up_, &down_}) {
      std::erase_if(direction->held_back, [&](const Direction::HeldBack& held) {
        return held.place == in_flight_.begin();
      });
    }
    const Flight flight = std::move(in_flight_.extract(in_flight_.begin()).mapped());
    if (flight.too_big) {
      report_too_big(flight);
      continue;
    }
    SimulatedHost& host = flight.destination == client_->address() ? *client_ : *server_;
    ip::Datagram datagram{.packet = host.pool_->copy(flight.bytes),
                          .source = flight.source,
                          .destination = flight.destination,
                          .traffic_class = static_cast<std::uint8_t>(flight.ecn)};
    if (datagram.packet) host.stack().receive({&datagram, 1});
  }
}

void Simulation::step() {
  deliver_due();
  for (SimulatedHost* host : {client_.get(), server_.get()}) {
    host->wheel_.advance(1000);
    host->pool_->refresh();
    host->stack().flush();
  }
  Instant next = clock_.now() + TimerWheel::kTick;
  if (!in_flight_.empty()) next = std::min(next, in_flight_.begin()->first);
  clock_.advance_to(std::max(next, clock_.now() + std::chrono::microseconds(1)));
}

void Simulation::run_for(Duration time) {
  const Instant end = clock_.now() + time;
  while (clock_.now() < end) step();
}

bool Simulation::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant end = clock_.now() + limit;
  while (!done()) {
    if (clock_.now() >= end) return false;
    step();
  }
  return true;
}

void Simulation::inject(const SimulatedHost& from, const SimulatedHost& to,
                        const wire::TcpHeaderFields& header, std::string_view payload,
                        const wire::TcpOptions& options, wire::Ecn ecn) {
  Flight flight{std::vector<std::uint8_t>(wire::TcpHeader::kMinimumSize + options.size()),
                from.address(), to.address(), ecn};
  wire::write_tcp_header(flight.bytes.data(), header, options.size());
  options.write(flight.bytes.data() + wire::TcpHeader::kMinimumSize);
  flight.bytes.insert(flight.bytes.end(), payload.begin(), payload.end());
  fill_in_checksum(flight.bytes, flight.source, flight.destination);
  in_flight_.emplace(clock_.now(), std::move(flight));
}

void Probe::on_data(ByteChain data) {
  const std::size_t size = data.size();
  received += ::sluice::testing::bytes_of(data);
  data.clear();
  if (consume_at_once && stream != nullptr) stream->consume(size);
  if (on_data_hook) on_data_hook();
}

void Probe::on_end() {
  ended = true;
  if (close_on_end && stream != nullptr) close();
}

void Probe::say(std::string_view text, PacketPool& pool) {
  ByteChain chain;
  ASSERT_TRUE(
      chain.append_copy({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, pool));
  stream->send(std::move(chain));
}

StreamHandler* ProbeAcceptor::on_accept(Stream& stream, const wire::Endpoint& /*listening*/) {
  if (refuse) return nullptr;
  Probe& probe = *accepted.emplace_back(std::make_unique<Probe>());
  probe.stream = &stream;
  if (prepare) prepare(probe);
  return &probe;
}

std::string sample_text(std::size_t size, std::uint64_t seed) {
  std::string text(size, '\0');
  std::uint64_t state = seed * 2862933555777941757U + 3037000493U;
  for (char& character : text) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    character = static_cast<char>(state >> 56);
  }
  return text;
}

}  // namespace sluice::tcp::testing
