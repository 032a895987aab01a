#include <gtest/gtest.h>
#include <rte_mempool.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/testing/fuzz_input.h"
#include "http/access_log/access_recorder.h"
#include "http/body_decoder.h"
#include "http/head_parser.h"
#include "http/head_reader.h"
#include "http/testing/proxy_world.h"

// The whole proxy, with clients and servers that do anything in any order. The input is a list of
// events, a letter each, some with a length and bytes:
//   N  a new client              c L bytes  a client sends
//   O  a server accepts          s L bytes  a server sends
//   e  a client ends  f  fails   E  a server ends  F  fails
//   a  a client acknowledges     A  a server acknowledges everything
//   t L  L hundredths of a second pass          l  the worker's loop goes round
//   1 to 9: which client and which server, counted from the latest, is meant from now on
// An M in front of them all puts the frontend into TCP mode.
// Nothing may leak or be used after its end, and what reaches a server by HTTP must be a sequence
// of requests that our own parser takes, until it has switched protocols. What the access log is
// told makes sense in itself.

namespace {

using sluice::ByteChain;
using sluice::StreamError;
using sluice::http::testing::FakeStream;
using sluice::http::testing::ProxyWorld;
using sluice::testing::fuzz_pool;
using sluice::testing::FuzzInput;
using sluice::testing::require;

class Script {
 public:
  explicit Script(bool tcp)
      : world_({.servers = 3,
                .frontend = tcp ? hurry_in_tcp_mode : hurry,
                .backend = hurry_too,
                .pool = &fuzz_pool(),
                .access_log = &recorder_}),
        tcp_(tcp) {}

  void run(FuzzInput& input) {
    while (!input.empty()) step(input);
    finish();
  }

 private:
  // All times so short that a few events reach them.
  static void hurry(sluice::http::Frontend& frontend) {
    frontend.timeouts = {.request = std::chrono::milliseconds(700),
                         .idle = std::chrono::milliseconds(900),
                         .keep_alive = std::chrono::milliseconds(1100),
                         .handshake = std::chrono::milliseconds(500),
                         .tunnel = std::chrono::milliseconds(1000)};
    frontend.limits.head_bytes = 600;
    frontend.limits.body_bytes = 2000;
  }
  static void hurry_in_tcp_mode(sluice::http::Frontend& frontend) {
    hurry(frontend);
    frontend.tcp = true;
  }
  static void hurry_too(sluice::http::Backend& backend) {
    backend.timeouts = {.connect = std::chrono::milliseconds(300),
                        .response = std::chrono::milliseconds(800),
                        .idle = std::chrono::milliseconds(600),
                        .keep_alive = std::chrono::milliseconds(1000)};
    backend.server_pause = std::chrono::milliseconds(200);
    backend.pool_connections = 2;
  }

  void step(FuzzInput& input) {
    const std::uint8_t event = input.byte();
    switch (event) {
      case 'N':
        if (clients_.size() < 16) clients_.push_back(&world_.client());
        return;
      case 't':
        world_.clock.advance_by(std::chrono::milliseconds(10) * input.byte());
        world_.loop();
        return;
      case 'l':
        world_.loop();
        return;
      default:
        if (event >= '1' && event <= '9') chosen_ = event - '1';
        break;
    }
    if (event == 'c' || event == 'e' || event == 'f' || event == 'a') client_event(event, input);
    if (event == 's' || event == 'O' || event == 'E' || event == 'F' || event == 'A') {
      server_event(event, input);
    }
  }

  void client_event(std::uint8_t event, FuzzInput& input) {
    if (clients_.size() <= chosen_) return;
    FakeStream& client = *clients_[clients_.size() - 1 - chosen_];
    if (event == 'c') client.deliver(input.text(input.byte()), 37);
    if (event == 'e') client.end();
    if (event == 'f') client.fail(StreamError::kReset);
    if (event == 'a') client.acknowledge((client.unacknowledged() + 1) / 2);
  }

  void server_event(std::uint8_t event, FuzzInput& input) {
    const std::size_t count = world_.network.connections();
    if (count <= chosen_) return;
    FakeStream& server = world_.server(count - 1 - chosen_);
    if (event == 'O') server.open();
    if (event == 'F') server.fail(server.opened() ? StreamError::kReset : StreamError::kRefused);
    if (!server.opened()) return;
    if (event == 's') {
      const std::string_view bytes = input.text(input.byte());
      answers_.resize(count);
      answers_[count - 1 - chosen_] += bytes;
      server.deliver(bytes, 41);
    }
    if (event == 'E') server.end();
    if (event == 'A') server.acknowledge_all();
  }

  void finish() {
    world_.proxy->drain();
    for (FakeStream* client : clients_) client->fail(StreamError::kReset);
    world_.loop();
    require(world_.proxy->sessions() == 0);
    require(world_.proxy->busy_upstreams() == 0 && world_.proxy->idle_upstreams() == 0);
    require(world_.frontend_counters().sessions.current() == 0);
    require(world_.backend_counters().sessions.current() == 0);
    check_records();
    answers_.resize(world_.network.connections());
    for (std::size_t i = 0; i < world_.network.connections() && !tcp_; ++i) {
      check_requests(world_.server(i).sent(), answers_[i].find("101") != std::string::npos);
    }
  }

  // The last request may be cut off; nothing may be malformed before a tunnel begins.
  void check_records() {
    recorder_.ring().take([](const sluice::http::AccessEntry& entry) {
      using sluice::http::EndedBy;
      using sluice::http::EndPhase;
      const sluice::http::AccessRecord& record = entry.record;
      require(record.began >= record.accepted && record.total >= sluice::Duration::zero());
      for (const auto time : {record.head, record.queue, record.connect, record.response}) {
        require(time <= record.total && time >= sluice::http::kNotReached);
      }
      require((record.cause.by == EndedBy::kNobody) == (record.cause.phase == EndPhase::kDone));
      require(record.server.valid() || record.connect == sluice::http::kNotReached);
    });
  }

  static void check_requests(const std::string& sent, bool may_switch) {
    sluice::http::HeadParser parser;
    ByteChain input;
    require(input.append_copy({reinterpret_cast<const std::uint8_t*>(sent.data()), sent.size()},
                              fuzz_pool()));
    while (!input.empty()) {
      sluice::http::HeadReader reader;
      const auto status = reader.read(input, 1 << 16, false);
      if (status == sluice::http::HeadReader::Status::kIncomplete) return;
      require(status == sluice::http::HeadReader::Status::kComplete);
      const sluice::http::HeadBytes head = reader.take(input, fuzz_pool());
      sluice::http::RequestHead request;
      const auto error = parser.parse_request(head.view(), 1000, request);
      // An HTTP/1.0 client need not name a host.
      require(error == sluice::http::HeadError::kNone ||
              error == sluice::http::HeadError::kBadHost);
      if (error != sluice::http::HeadError::kNone) return;
      if (may_switch && !request.upgrade.empty()) return;
      sluice::http::BodyDecoder body(request.framing);
      ByteChain data;
      const auto read = body.decode(input, data, fuzz_pool());
      require(read != sluice::http::BodyDecoder::Status::kBad);
      if (read != sluice::http::BodyDecoder::Status::kDone) return;
    }
  }

  // Into a ring that is full now and then.
  sluice::http::AccessRecorder recorder_{sluice::http::AccessRing::kSmallest, {"host"}};
  ProxyWorld world_;
  std::vector<FakeStream*> clients_;
  std::vector<std::string> answers_;  // by connection: all that the server has sent
  bool tcp_;
  std::size_t chosen_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  GTEST_FLAG_SET(throw_on_failure, true);  // what the fake streams expect must hold
  static const unsigned before = rte_mempool_avail_count(fuzz_pool().data_pool());
  FuzzInput input(data, std::min<std::size_t>(size, 1 << 16));
  const bool tcp = size > 0 && data[0] == 'M';
  if (tcp) (void)input.byte();
  Script(tcp).run(input);
  require(rte_mempool_avail_count(fuzz_pool().data_pool()) == before);
  return 0;
}
