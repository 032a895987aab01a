// A peer that sends whatever segments the input says to a stack with an echo service, and to a
// connection the stack opens itself. Most fields are relative to what the stack last sent, so that
// mutations stay near the interesting values. Whatever came, nothing may be left at the end.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/tcp/stack.h"
#include "dataplane/testing/fuzz_input.h"
#include "dataplane/wire/checksum.h"

namespace sluice::tcp {
namespace {

using testing::FuzzInput;
using testing::require;

const wire::IpAddress kOurs = wire::IpAddress::v4(198, 18, 0, 2);
const wire::IpAddress kPeer = wire::IpAddress::v4(198, 18, 0, 1);
constexpr std::uint16_t kListening = 80;
constexpr std::uint16_t kPeerPort = 1024;
constexpr std::uint8_t kTcpProtocol = 6;

/// Remembers the last segment sent on each of the two flows, and drops all of them.
class Recorder final : public ip::Egress {
 public:
  struct Last {
    std::uint32_t sequence = 1;
    std::uint32_t acknowledgment = 1;
    std::uint16_t our_port = kListening;
    std::uint32_t timestamp = 0;
  };

  std::optional<ip::Path> path_to(const wire::IpAddress& /*destination*/) override {
    return ip::Path{
        .source = kOurs, .mtu = 1500, .path_mtu = 1500, .offloads = {.multi_segment = true}};
  }
  void note_path_mtu(const wire::IpAddress& /*destination*/, std::uint16_t mtu) override {
    require(mtu >= 552);
  }
  void send_tcp(Packet segment, const wire::IpAddress& /*source*/,
                const wire::IpAddress& /*destination*/, ip::NextHop& /*next_hop*/,
                wire::Ecn ecn) override {
    const auto header = wire::TcpHeader::parse(segment.front());
    require(header.has_value());
    Last& last = header->source_port() == kListening ? passive : active;
    const bool begins = (header->flags() & wire::kSyn) != 0;
    const std::uint32_t payload = segment.size() - static_cast<std::uint32_t>(header->size());
    require(ecn == wire::Ecn::kNotCapable || payload > 0);
    last.sequence = header->sequence() + payload + (begins ? 1 : 0);
    last.acknowledgment = header->acknowledgment();
    last.our_port = header->source_port();
    const auto options = wire::TcpOptions::parse(header->options());
    if (options.timestamps) last.timestamp = options.timestamps->value;
  }

  Last passive;
  Last active;
};

/// Sends back what it gets; a byte of it may tell it to end in one of several ways.
class Echo final : public StreamHandler {
 public:
  void on_data(ByteChain data) override {
    const std::uint8_t command = data.front()[0];
    stream->consume(data.size());
    if (command == 1) {
      std::exchange(stream, nullptr)->abort();
    } else if (command == 2) {
      std::exchange(stream, nullptr)->close();
    } else {
      stream->send(std::move(data));
      if (command == 3) stream->finish();
    }
  }
  void on_end() override {
    if (stream != nullptr) std::exchange(stream, nullptr)->close();
  }
  void on_acknowledged(std::size_t /*bytes*/) override { require(stream != nullptr); }
  void on_failure(StreamError /*error*/) override { stream = nullptr; }

  Stream* stream = nullptr;
};

class EchoService final : public Acceptor {
 public:
  StreamHandler* on_accept(Stream& stream, const wire::Endpoint& /*listening*/) override {
    Echo& echo = *echoes.emplace_back(std::make_unique<Echo>());
    echo.stream = &stream;
    return &echo;
  }
  std::vector<std::unique_ptr<Echo>> echoes;
};

class Host {
 public:
  Host(PacketPool& pool, SynCookieUse syn_cookies)
      : pool_(pool),
        wheel_(clock_),
        stack_(config(syn_cookies), clock_, wheel_, pool, recorder_, {1, 2}) {
    stack_.listen({kOurs, kListening}, service_);
  }

  void play(FuzzInput& script) {
    while (!script.empty()) {
      const std::uint8_t action = script.byte();
      switch (action % 8) {
        case 0:
          run_for(std::chrono::milliseconds(script.byte()));
          break;
        case 1:
          open();
          break;
        case 2:
          report_too_big(script, (action & 0x80) != 0 ? recorder_.active : recorder_.passive);
          break;
        default:
          receive(script, (action & 0x80) != 0 ? recorder_.active : recorder_.passive);
          break;
      }
      if (action % 16 < 14) run_for(std::chrono::milliseconds(1));
    }
  }

  void end() {
    for (auto& echo : service_.echoes) {
      if (echo->stream != nullptr) std::exchange(echo->stream, nullptr)->close();
    }
    if (client_.stream != nullptr) std::exchange(client_.stream, nullptr)->abort();
    for (int i = 0; i < 50; ++i) run_for(std::chrono::milliseconds(50));
    require(stack_.connections() == 0 && stack_.half_open() == 0 && stack_.time_wait() == 0);
  }

 private:
  static StackConfig config(SynCookieUse syn_cookies) {
    StackConfig config;
    config.syn_cookies = syn_cookies;
    config.ecn = EcnUse::kRequest;
    config.max_connections = 64;
    config.max_half_open = 16;
    config.max_time_wait = 16;
    config.receive_buffer = 64 * 1024;
    // Short, so that the wheel turns little between the script's end and the last timer's.
    config.rto_initial = config.rto_minimum = std::chrono::milliseconds(20);
    config.rto_maximum = config.delayed_ack = std::chrono::milliseconds(40);
    config.give_up_after = config.orphan_timeout = std::chrono::milliseconds(200);
    config.time_wait = std::chrono::milliseconds(200);
    return config;
  }

  void open() {
    if (client_.stream != nullptr) return;
    client_.stream = stack_.connect({kPeer, kPeerPort}, client_);
  }

  void run_for(Duration time) {
    clock_.advance_by(time);
    wheel_.advance(1000);
    pool_.refresh();
    stack_.flush();
  }

  void receive(FuzzInput& script, const Recorder::Last& last) {
    wire::TcpHeaderFields fields{};
    fields.source_port = static_cast<std::uint16_t>(kPeerPort + script.byte() % 2);
    fields.destination_port = last.our_port;
    fields.flags = script.byte();
    fields.sequence =
        last.acknowledgment + static_cast<std::uint32_t>(static_cast<std::int16_t>(script.word()));
    fields.acknowledgment =
        last.sequence + static_cast<std::uint32_t>(static_cast<std::int16_t>(script.word()));
    fields.window = script.word();
    const std::uint8_t shape = script.byte();
    wire::TcpOptions options;
    if ((shape & 1) != 0) options.timestamps = {{script.word() + 1U, last.timestamp}};
    if ((shape & 2) != 0) options.maximum_segment_size = script.word();
    if ((shape & 4) != 0) options.window_scale = script.byte();
    options.sack_permitted = (shape & 32) != 0;
    if ((shape & 64) != 0) add_blocks(script, last, options);
    std::vector<std::uint8_t> segment(wire::TcpHeader::kMinimumSize + options.size());
    wire::write_tcp_header(segment.data(), fields, options.size());
    options.write(segment.data() + wire::TcpHeader::kMinimumSize);
    segment.resize(segment.size() + script.word() % 1449, script.byte());
    if ((shape & 8) != 0) segment[12] = script.byte();
    if ((shape & 16) != 0) segment.resize(script.byte() % 64);
    deliver(segment, (shape & 128) != 0 ? wire::Ecn::kCongestion : wire::Ecn::kNotCapable);
  }

  // Up to three blocks around what was sent last.
  static void add_blocks(FuzzInput& script, const Recorder::Last& last, wire::TcpOptions& options) {
    const unsigned blocks = 1 + script.byte() % 3;
    for (unsigned i = 0; i < blocks; ++i) {
      const auto offset = static_cast<std::int16_t>(script.word());
      const std::uint32_t begin = last.sequence + static_cast<std::uint32_t>(offset);
      options.sack.add({begin, begin + script.word() % 8192U});
    }
  }

  // About something near what was sent last. The IP layer lets no smaller MTU through.
  void report_too_big(FuzzInput& script, const Recorder::Last& last) {
    stack_.delivery_failed(
        {.problem = ip::DeliveryProblem::kPacketTooBig,
         .local = kOurs,
         .remote = kPeer,
         .local_port = last.our_port,
         .remote_port = static_cast<std::uint16_t>(kPeerPort + script.byte() % 2),
         .sequence = last.sequence - script.byte(),
         .mtu = static_cast<std::uint16_t>(552 + script.word() % 1000)});
  }

  void deliver(std::vector<std::uint8_t>& segment, wire::Ecn ecn) {
    if (segment.size() >= wire::TcpHeader::kMinimumSize) {
      wire::InternetSum sum = wire::pseudo_header_sum(kPeer, kOurs, kTcpProtocol,
                                                      static_cast<std::uint32_t>(segment.size()));
      sum.add(segment);
      wire::store_be16(&segment[16], sum.checksum());
    }
    ip::Datagram datagram{.packet = pool_.copy(segment),
                          .source = kPeer,
                          .destination = kOurs,
                          .traffic_class = static_cast<std::uint8_t>(ecn)};
    if (datagram.packet) stack_.receive({&datagram, 1});
  }

  PacketPool& pool_;
  Clock clock_;
  TimerWheel wheel_;
  Recorder recorder_;
  Stack stack_;
  EchoService service_;
  Echo client_;
};

}  // namespace
}  // namespace sluice::tcp

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::PacketPool& pool = sluice::testing::fuzz_pool();
  {
    sluice::testing::FuzzInput script(data, size);
    sluice::tcp::Host host(pool, size % 2 == 0 ? sluice::tcp::SynCookieUse::kUnderPressure
                                               : sluice::tcp::SynCookieUse::kAlways);
    host.play(script);
    host.end();
  }
  pool.refresh();
  sluice::tcp::require(pool.available() == pool.capacity());
  return 0;
}
