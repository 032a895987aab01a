#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/buffer/packet_pool.h"
#include "dataplane/ip/egress.h"
#include "dataplane/tcp/segment.h"
#include "dataplane/tcp/stack.h"
#include "dataplane/testing/eal.h"

/// TCP stacks over a simulated link, in virtual time: hours pass in milliseconds, and a seed
/// replays exactly.
namespace sluice::tcp::testing {

/// What a link does to packets. Probabilities are per packet.
struct Impairments {
  double loss = 0;
  double duplication = 0;
  double reordering = 0;  ///< held back by up to four times the delay
  double corruption = 0;  ///< one byte changed
  Duration delay = std::chrono::milliseconds(5);
  Duration jitter = {};

  /// Losses in bursts (Gilbert and Elliott): the probability that a packet begins one, the mean of
  /// its exponentially distributed length, and the probability to be lost in it.
  double burst_begin = 0;
  Duration burst_length = std::chrono::milliseconds(2);
  double burst_loss = 1;

  /// Packets that are overtaken by the next `overtaken_by` packets of their direction.
  double overtaken = 0;
  unsigned overtaken_by = 3;

  /// Bits a second in each direction, headers of IP and Ethernet included; 0: no limit.
  std::uint64_t rate = 0;
  /// Bytes that wait for the link before more are dropped.
  std::size_t queue = 128 * 1024;
  /// Marks packets that may be marked (RFC 3168): the probability, and the bytes that wait for a
  /// link with a rate before all of them are; 0: none.
  double marking = 0;
  std::size_t marks_above = 0;
  std::uint16_t largest_packet = 65535;  ///< larger IP packets are lost
  bool reports_too_big = false;          ///< and a router says so
};

class Simulation;

/// A host with one address, its TCP stack and nothing else.
class SimulatedHost final : public ip::Egress {
 public:
  SimulatedHost(Simulation& simulation, const wire::IpAddress& address, const StackConfig& config);

  std::optional<ip::Path> path_to(const wire::IpAddress& destination) override;
  void note_path_mtu(const wire::IpAddress& destination, std::uint16_t mtu) override;
  void send_tcp(Packet segment, const wire::IpAddress& source, const wire::IpAddress& destination,
                ip::NextHop& next_hop, wire::Ecn ecn) override;
  [[nodiscard]] bool has_room(const ip::NextHop& /*next_hop*/) override { return room; }

  [[nodiscard]] const wire::IpAddress& address() const { return address_; }
  Stack& stack() { return stack_; }
  PacketPool& pool() { return *pool_; }
  TimerWheel& timers() { return wheel_; }

  port::Offloads offloads;  ///< what its port claims to do
  bool room = true;         ///< whether its port takes data
  std::uint16_t mtu = 1500;
  std::uint16_t path_mtu = 1500;  ///< what note_path_mtu() said last

 private:
  friend class Simulation;
  Simulation& simulation_;
  wire::IpAddress address_;
  ::sluice::testing::TestPool pool_;
  TimerWheel wheel_;
  Stack stack_;
};

enum class Family : std::uint8_t { kIPv4, kIPv6 };

class Simulation {
 public:
  /// Both hosts are configured alike unless `server` says otherwise.
  explicit Simulation(std::uint64_t seed = 1, const StackConfig& config = {},
                      Family family = Family::kIPv4, const std::optional<StackConfig>& server = {});
  ~Simulation();

  SimulatedHost& client() { return *client_; }
  SimulatedHost& server() { return *server_; }
  Clock& clock() { return clock_; }
  std::mt19937_64& random() { return random_; }

  Impairments impairments;
  /// Sees every segment before the link does; returns false to lose it.
  std::function<bool(const SimulatedHost& sender, const Segment& segment)> inspect;

  /// Runs until nothing is left to deliver and `time` has passed.
  void run_for(Duration time);
  /// Runs until `done()`, for at most `limit` of virtual time. Returns whether it was done.
  bool run_until(const std::function<bool()>& done, Duration limit);

  /// A link with a rate passes nothing on for some time; what is sent meanwhile waits.
  void stall(Duration time) { up_.busy_until = down_.busy_until = clock_.now() + time; }

  /// Delivers bytes as a segment that looks as if `from` had sent it.
  void inject(const SimulatedHost& from, const SimulatedHost& to,
              const wire::TcpHeaderFields& header, std::string_view payload = {},
              const wire::TcpOptions& options = {}, wire::Ecn ecn = wire::Ecn::kNotCapable);

  /// Packets that the link has marked.
  [[nodiscard]] std::uint64_t marked() const { return marked_; }

 private:
  friend class SimulatedHost;
  struct Flight {
    std::vector<std::uint8_t> bytes;
    wire::IpAddress source;
    wire::IpAddress destination;
    wire::Ecn ecn = wire::Ecn::kNotCapable;
    bool too_big = false;  // comes back to its source as an error
  };
  using InFlight = std::multimap<Instant, Flight>;

  /// What a link knows about one of its directions.
  struct Direction {
    struct HeldBack {
      InFlight::iterator place;
      unsigned until_overtaken;
    };
    Instant busy_until{};
    Instant burst_until{};
    std::vector<HeldBack> held_back;
  };

  void carry(const SimulatedHost& sender, Flight flight);
  void carry_pieces(const SimulatedHost& sender, rte_mbuf& segment, const Flight& whole);
  void launch(Flight flight);
  bool lost_in_burst(Direction& direction);
  std::optional<Duration> queue_for(Direction& direction, std::size_t size);
  void mark(Flight& flight, Duration queued);
  void overtake(Direction& direction, Instant arrival);
  [[nodiscard]] bool too_big(const Flight& flight) const;
  void report_too_big(const Flight& flight);
  void step();
  void deliver_due();
  bool chance(double probability);

  Clock clock_;
  std::mt19937_64 random_;
  InFlight in_flight_;
  std::uint64_t marked_ = 0;
  Direction up_;    // from the client
  Direction down_;  // to the client
  HashKey flow_key_{1, 2};
  std::unique_ptr<SimulatedHost> client_;
  std::unique_ptr<SimulatedHost> server_;
};

/// A stream's end for tests: records what happens and sends what it is told.
class Probe final : public StreamHandler {
 public:
  void on_open() override { opened = true; }
  void on_data(ByteChain data) override;
  void on_end() override;
  void on_acknowledged(std::size_t bytes) override { acknowledged += bytes; }
  void on_failure(StreamError error) override {
    failure = error;
    stream = nullptr;
  }

  /// Queues text on the stream.
  void say(std::string_view text, PacketPool& pool);
  void close() { std::exchange(stream, nullptr)->close(); }

  Stream* stream = nullptr;
  bool opened = false;
  bool ended = false;
  bool consume_at_once = true;
  bool close_on_end = false;
  std::string received;
  std::size_t acknowledged = 0;
  std::optional<StreamError> failure;
  std::function<void()> on_data_hook;
};

/// Accepts every stream with a Probe of its own.
class ProbeAcceptor final : public Acceptor {
 public:
  StreamHandler* on_accept(Stream& stream, const wire::Endpoint& listening) override;

  std::vector<std::unique_ptr<Probe>> accepted;
  std::function<void(Probe&)> prepare;
  bool refuse = false;
};

/// Text in which every offset can be recognised.
std::string sample_text(std::size_t size, std::uint64_t seed = 0);

}  // namespace sluice::tcp::testing
