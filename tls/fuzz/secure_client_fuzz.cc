// A server that does what the input says: our own server whose bytes may be cut, damaged and mixed
// with others, over a stream that ends, fails or acknowledges at any time, under a handler that
// ends the stream at any time, with a pool that runs dry. Whatever comes, plaintext is what the
// server sent, the contract of streams holds, and nothing is left at the end.
#include <rte_mempool.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/testing/eal.h"
#include "dataplane/testing/fuzz_input.h"
#include "tls/fuzz/fuzz_stream.h"
#include "tls/secure_stream.h"
#include "tls/testing/certificates.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::tls {
namespace {

using fuzzing::Handler;
using fuzzing::size_from;
using fuzzing::Wire;
using sluice::testing::FuzzInput;
using sluice::testing::require;

/// What TLS streams of one worker need around them.
struct Surroundings {
  Surroundings(PacketPool& pool, RecordLayer records)
      : environment(pool, graveyard, clock, counters) {
    environment.options.record_layer = records;
  }
  Graveyard graveyard;
  Clock clock;
  Counters counters;
  Environment environment;
};

/// The server: sends what it is told to, and does not care what it gets.
class Server final : public StreamHandler {
 public:
  Server(PacketPool& pool, const ServerIdentity& identity)
      : pool_(pool), surroundings_(pool, RecordLayer::kOpenSsl) {
    stream_ = accept(wire, identity, *this, surroundings_.environment);
    require(stream_ != nullptr);
  }
  ~Server() {
    if (stream_ != nullptr) std::exchange(stream_, nullptr)->abort();
    surroundings_.graveyard.clear();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// False when it could not.
  bool send(const std::string& text) {
    ByteChain data;
    if (stream_ == nullptr || finished_) return false;
    if (!data.append_copy({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                          pool_)) {
      return false;
    }
    stream_->send(std::move(data));
    return true;
  }
  void finish() {
    if (stream_ != nullptr && !std::exchange(finished_, true)) stream_->finish();
  }
  ByteChain take_sent() {
    ByteChain sent = wire.take_sent();
    wire.acknowledge(SIZE_MAX);
    return sent;
  }

  void on_data(ByteChain data) override {
    const std::size_t size = data.size();
    data.clear();
    stream_->consume(size);
  }
  void on_end() override {}
  void on_acknowledged(std::size_t /*bytes*/) override {}
  void on_failure(StreamError /*error*/) override { stream_ = nullptr; }

  Wire wire;

 private:
  PacketPool& pool_;
  Surroundings surroundings_;
  SecureStream* stream_ = nullptr;
  bool finished_ = false;
};

/// A client's context with a session that it has from the server.
struct Side {
  std::unique_ptr<ClientContext> context;
  OpenSslPointer<SSL_SESSION> session;
};

/// Made once: what all runs share. Everything is by settings that verify, or not, for each version.
struct World {
  World() {
    const testing::TemporaryDirectory files;
    testing::CertificateAuthority authority;
    const auto file =
        files.write("server.pem", authority.issue({.dns_names = {"server.test"}}).both());
    const std::vector<CertificateSource> sources = {{file, {}}};
    identity = std::make_unique<ServerIdentity>(sources, IdentityOptions{});
    ClientSettings settings;
    settings.authorities = files.write("authority.pem", authority.certificate());
    for (std::size_t i = 0; i < sides.size(); ++i) {
      settings.min_version = settings.max_version = i % 2 == 0 ? Version::kTls12 : Version::kTls13;
      settings.verification = i < 2 ? Verification::kAuthority : Verification::kNone;
      sides[i].context = std::make_unique<ClientContext>(settings);
      sides[i].session = first_session(*sides[i].context);
    }
  }

  OpenSslPointer<SSL_SESSION> first_session(const ClientContext& context) {
    Surroundings surroundings(peer_pool, RecordLayer::kOwn);
    const std::string nothing;
    Handler handler(peer_pool, nothing);
    Wire wire;
    Server server(peer_pool, *identity);
    SecureStream* stream =
        connect(wire, context, {.server_name = "server.test", .lower_is_open = true}, handler,
                surroundings.environment);
    handler.stream = stream;
    for (int i = 0; i < 4; ++i) {
      server.wire.deliver(wire.take_sent());
      wire.deliver(server.take_sent());
    }
    OpenSslPointer<SSL_SESSION> session = stream->take_session();
    require(session != nullptr);
    handler.act(Handler::Act::kAbort);
    surroundings.graveyard.clear();
    return session;
  }

  PacketPool pool{"client", 128};
  PacketPool peer_pool{"server", 1024};
  std::unique_ptr<ServerIdentity> identity;
  std::array<Side, 4> sides;
};

class Run {
 public:
  Run(World& world, FuzzInput script)
      : world_(world),
        script_(script),
        kind_(script_.byte()),
        surroundings_(world.pool, kind_ / 4 % 2 == 0 ? RecordLayer::kOwn : RecordLayer::kOpenSsl),
        server_(world.peer_pool, *world.identity),
        handler_(world.pool, plaintext_) {
    const Side& side = world.sides[kind_ % world.sides.size()];
    // OpenSSL marks sessions as used up, and runs must not depend on each other.
    if (script_.byte() % 2 == 0) session_.reset(SSL_SESSION_dup(side.session.get()));
    opens_later_ = script_.byte() % 2 == 0;
    client_ = connect(wire_, *side.context,
                      {.server_name = script_.byte() % 8 == 0 ? "other.test" : "server.test",
                       .session = session_.get(),
                       .lower_is_open = !opens_later_},
                      handler_, surroundings_.environment);
    require(client_ != nullptr);
    handler_.stream = client_;
  }

  void play() {
    if (opens_later_) {
      handler_.act(static_cast<Handler::Act>(script_.byte() % 8));
      if (!wire_.held_by_nobody()) wire_.deliver_open();
    }
    if (script_.byte() % 4 != 0) shake_hands();
    while (!script_.empty()) step();
    hoard_.clear();
    handler_.act(Handler::Act::kAbort);
    surroundings_.graveyard.clear();
    if (!wire_.held_by_nobody()) wire_.deliver_failure();  // a close that waited for buffers
    surroundings_.graveyard.clear();
    surroundings_.environment.reserve.release();
  }

 private:
  void shake_hands() {
    for (int i = 0; i < 4; ++i) {
      server_.wire.deliver(wire_.take_sent());
      wire_.deliver(server_.take_sent());
    }
    wire_.acknowledge(SIZE_MAX);
  }

  // Part of what the server has sent, with one byte of it changed if `damage`.
  void deliver_from_server(bool damage) {
    pending_.append(server_.take_sent());
    ByteChain part;
    const std::size_t limit = size_from(script_);
    const std::size_t size = limit == 0 ? pending_.size() : std::min(limit, pending_.size());
    require(pending_.move_front(size, part, world_.peer_pool));
    if (damage && !part.empty()) {
      const std::span<std::uint8_t> bytes = part.front();
      bytes[size_from(script_) % bytes.size()] ^= static_cast<std::uint8_t>(script_.byte() | 1);
    }
    wire_.deliver(std::move(part));
  }

  void server_sends(std::size_t size) {
    const std::string text(size, static_cast<char>('a' + plaintext_.size() % 26));
    if (size > 0 && server_.send(text)) plaintext_ += text;
  }

  void drain_pool() {
    surroundings_.environment.reserve.release();
    while (Packet packet = world_.pool.allocate()) hoard_.push_back(std::move(packet));
    hoard_.resize(hoard_.size() - std::min<std::size_t>(hoard_.size(), script_.byte() % 4));
  }

  void deliver_raw() {
    ByteChain raw;
    if (raw.append_copy(script_.bytes(size_from(script_)), world_.peer_pool)) {
      wire_.deliver(std::move(raw));
    }
  }

  void step() {
    switch (script_.byte() % 18) {
      case 0:
        return deliver_raw();
      case 1:
        return deliver_from_server(true);
      case 2:
      case 3:
        return deliver_from_server(false);
      case 4:
        return server_.wire.deliver(wire_.take_sent());
      case 5:
        return wire_.acknowledge(size_from(script_));
      case 6:
        return server_sends(size_from(script_));
      case 7:
        if (handler_.stream != nullptr) session_ = client_->take_session();
        return;
      case 8:
        return server_.finish();
      case 9:
        return handler_.send(size_from(script_));
      case 10:
        handler_.next = static_cast<Handler::Act>(script_.byte() % 5);
        return;
      case 11:
        return handler_.act(static_cast<Handler::Act>(script_.byte() % 5));
      case 12:
        return drain_pool();
      case 13:
        return hoard_.clear();
      case 14:
        return wire_.deliver_end();
      case 15:
        return wire_.deliver_failure();
      case 16:
        handler_.consume = !handler_.consume;
        if (handler_.stream != nullptr) handler_.stream->consume(size_from(script_));
        return;
      default:
        return surroundings_.graveyard.clear();
    }
  }

  World& world_;
  FuzzInput script_;
  std::uint8_t kind_;
  Surroundings surroundings_;
  Server server_;
  std::string plaintext_;  // all the server has sent
  Wire wire_;
  Handler handler_;
  OpenSslPointer<SSL_SESSION> session_;
  SecureStream* client_ = nullptr;
  bool opens_later_ = false;
  ByteChain pending_;  // from the server, not delivered yet
  std::vector<Packet> hoard_;
};

}  // namespace
}  // namespace sluice::tls

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::testing::start_eal();
  static sluice::tls::World world;
  sluice::tls::Run(world, {data, size}).play();
  if (rte_mempool_avail_count(world.pool.data_pool()) != world.pool.capacity()) std::abort();
  return 0;
}
