// A client that does what the input says: an honest OpenSSL client whose bytes may be cut, damaged
// and mixed with others, over a stream that ends, fails or acknowledges at any time, under a
// handler that ends the stream at any time, with a pool that runs dry. Whatever comes, plaintext is
// what the client sent, the contract of streams holds, and nothing is left at the end.
#include <rte_mempool.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/testing/eal.h"
#include "dataplane/testing/fuzz_input.h"
#include "tls/fuzz/fuzz_stream.h"
#include "tls/secure_stream.h"
#include "tls/testing/certificates.h"
#include "tls/testing/client.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::tls {
namespace {

using fuzzing::Handler;
using fuzzing::size_from;
using fuzzing::Wire;
using sluice::testing::FuzzInput;
using sluice::testing::require;

/// Made once: what all runs share.
struct World {
  World() {
    const testing::TemporaryDirectory files;
    testing::CertificateAuthority authority;
    const auto file =
        files.write("server.pem", authority.issue({.dns_names = {"server.test"}}).both());
    const std::vector<CertificateSource> sources = {{file, {}}};
    identity.emplace(sources, IdentityOptions{});
  }
  PacketPool pool{"server", 128};
  PacketPool client_pool{"client", 1024};
  std::optional<ServerIdentity> identity;
};

class Run {
 public:
  Run(World& world, FuzzInput script)
      : world_(world),
        script_(script),
        kind_(script_.byte()),
        client_(world.client_pool, {.version = kind_ % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION}),
        handler_(world.pool, plaintext_) {
    environment_.options.record_layer =
        kind_ / 2 % 2 == 0 ? RecordLayer::kOwn : RecordLayer::kOpenSsl;
    server_ = accept(wire_, *world.identity, handler_, environment_);
    require(server_ != nullptr);
    handler_.stream = server_;
  }

  void play() {
    client_.start();
    if (script_.byte() % 4 != 0) shake_hands();
    while (!script_.empty()) step();
    hoard_.clear();
    handler_.act(Handler::Act::kAbort);
    graveyard_.clear();
    if (!wire_.held_by_nobody()) wire_.deliver_failure();  // a close that waited for buffers
    graveyard_.clear();
    environment_.reserve.release();
  }

 private:
  void shake_hands() {
    for (int i = 0; i < 4; ++i) {
      wire_.deliver(client_.take_output());
      client_.receive(wire_.take_sent());
    }
    wire_.acknowledge(SIZE_MAX);
  }

  // Part of what the client has sent, with one byte of it changed if `damage`.
  void deliver_from_client(bool damage) {
    pending_.append(client_.take_output());
    ByteChain part;
    const std::size_t limit = size_from(script_);
    const std::size_t size = limit == 0 ? pending_.size() : std::min(limit, pending_.size());
    require(pending_.move_front(size, part, world_.client_pool));
    if (damage && !part.empty()) {
      const std::span<std::uint8_t> bytes = part.front();
      bytes[size_from(script_) % bytes.size()] ^= static_cast<std::uint8_t>(script_.byte() | 1);
    }
    wire_.deliver(std::move(part));
  }

  void client_sends(std::size_t size) {
    const std::string text(size, static_cast<char>('a' + plaintext_.size() % 26));
    if (client_.open() && size > 0 && client_.send(text)) plaintext_ += text;
  }

  void client_updates_key() {
    if (!client_.open()) return;
    const int type =
        script_.byte() % 2 == 0 ? SSL_KEY_UPDATE_REQUESTED : SSL_KEY_UPDATE_NOT_REQUESTED;
    if (SSL_key_update(client_.ssl(), type) == 1) (void)SSL_do_handshake(client_.ssl());
  }

  void drain_pool() {
    environment_.reserve.release();
    while (Packet packet = world_.pool.allocate()) hoard_.push_back(std::move(packet));
    hoard_.resize(hoard_.size() - std::min<std::size_t>(hoard_.size(), script_.byte() % 4));
  }

  void deliver_raw() {
    ByteChain raw;
    if (raw.append_copy(script_.bytes(size_from(script_)), world_.client_pool)) {
      wire_.deliver(std::move(raw));
    }
  }

  void step() {
    switch (script_.byte() % 18) {
      case 0:
        return deliver_raw();
      case 1:
        return deliver_from_client(true);
      case 2:
      case 3:
        return deliver_from_client(false);
      case 4:
        return client_.receive(wire_.take_sent());
      case 5:
        return wire_.acknowledge(size_from(script_));
      case 6:
        return client_sends(size_from(script_));
      case 7:
        return client_updates_key();
      case 8:
        if (client_.open()) (void)client_.send_close_notify();
        return;
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
        return graveyard_.clear();
    }
  }

  World& world_;
  FuzzInput script_;
  std::uint8_t kind_;
  Graveyard graveyard_;
  Counters counters_;
  Clock clock_;
  Environment environment_{world_.pool, graveyard_, clock_, counters_};
  std::string plaintext_;  // all the client has sent
  testing::Client client_;
  Wire wire_;
  Handler handler_;
  SecureStream* server_ = nullptr;
  ByteChain pending_;  // from the client, not delivered yet
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
