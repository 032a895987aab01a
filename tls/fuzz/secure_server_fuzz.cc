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
#include "tls/secure_stream.h"
#include "tls/testing/certificates.h"
#include "tls/testing/client.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::tls {
namespace {

using sluice::testing::FuzzInput;
using sluice::testing::require;

/// 0 to about 16 KiB, small ones more often.
std::size_t size_from(FuzzInput& input) {
  const std::uint8_t value = input.byte();
  return value < 128 ? value : std::size_t{value - 127U} * 128;
}

/// What lies below the server's stream.
class Wire final : public Stream {
 public:
  void set_handler(StreamHandler& handler) override { handler_ = &handler; }
  void send(ByteChain data) override {
    require(handler_ != nullptr && !finished_);
    sent_.append(std::move(data));
  }
  void finish() override {
    require(handler_ != nullptr && !finished_);
    finished_ = true;
  }
  void consume(std::size_t bytes) override {
    require(handler_ != nullptr && bytes <= held_);
    held_ -= bytes;
  }
  void close() override { let_go(); }
  void abort() override { let_go(); }
  [[nodiscard]] std::size_t unacknowledged() const override { return taken_ + sent_.size(); }
  [[nodiscard]] wire::Endpoint local() const override { return {}; }
  [[nodiscard]] wire::Endpoint remote() const override { return {}; }

  [[nodiscard]] bool held_by_nobody() const { return handler_ == nullptr; }
  void deliver(ByteChain data) {
    if (handler_ == nullptr || ended_ || data.empty()) return;
    held_ += data.size();
    handler_->on_data(std::move(data));
  }
  void deliver_end() {
    if (handler_ != nullptr && !std::exchange(ended_, true)) handler_->on_end();
  }
  void deliver_failure() {
    if (handler_ != nullptr) std::exchange(handler_, nullptr)->on_failure(StreamError::kReset);
  }
  ByteChain take_sent() {
    taken_ += sent_.size();
    return std::move(sent_);
  }
  void acknowledge(std::size_t bytes) {
    bytes = std::min(bytes, taken_);
    taken_ -= bytes;
    if (handler_ != nullptr && bytes > 0) handler_->on_acknowledged(bytes);
  }

 private:
  void let_go() {
    require(handler_ != nullptr);
    handler_ = nullptr;
  }

  StreamHandler* handler_ = nullptr;
  ByteChain sent_;
  std::size_t held_ = 0;
  std::size_t taken_ = 0;
  bool finished_ = false;
  bool ended_ = false;
};

/// What lies above it. Does in its calls what it was told to do next.
class Handler final : public StreamHandler {
 public:
  enum class Act : std::uint8_t { kNothing, kClose, kAbort, kFinish, kSend };

  Handler(PacketPool& pool, const std::string& expected) : pool_(pool), expected_(expected) {}

  Stream* stream = nullptr;
  Act next = Act::kNothing;
  bool consume = true;

  void send(std::size_t size) {
    ByteChain data;
    const std::vector<std::uint8_t> bytes(size, 'a');
    if (stream == nullptr || !data.append_copy(bytes, pool_)) return;
    sent_ += size;
    stream->send(std::move(data));
  }
  void act(Act how) {
    if (stream == nullptr) return;
    if (how == Act::kSend) send(100);
    if (how == Act::kFinish) stream->finish();
    if (how == Act::kClose) std::exchange(stream, nullptr)->close();
    if (how == Act::kAbort) std::exchange(stream, nullptr)->abort();
  }

  void on_open() override {
    require(stream != nullptr && !std::exchange(opened_, true));
    act(std::exchange(next, Act::kNothing));
  }
  void on_data(ByteChain data) override {
    require(stream != nullptr && opened_ && !ended_ && !data.empty());
    std::string text(data.size(), '\0');
    data.copy_out(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    require(expected_.compare(received_, text.size(), text) == 0);
    received_ += text.size();
    data.clear();
    if (consume) stream->consume(text.size());
    act(std::exchange(next, Act::kNothing));
  }
  void on_end() override {
    require(stream != nullptr && opened_ && !std::exchange(ended_, true));
    act(std::exchange(next, Act::kNothing));
  }
  void on_acknowledged(std::size_t bytes) override {
    require(stream != nullptr);
    acknowledged_ += bytes;
    require(acknowledged_ <= sent_);
    act(std::exchange(next, Act::kNothing));
  }
  void on_failure(StreamError /*error*/) override {
    require(stream != nullptr);
    stream = nullptr;
  }

 private:
  PacketPool& pool_;
  const std::string& expected_;
  std::size_t received_ = 0;
  std::size_t sent_ = 0;
  std::size_t acknowledged_ = 0;
  bool opened_ = false;
  bool ended_ = false;
};

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
        client_(world.client_pool,
                {.version = script_.byte() % 2 == 0 ? TLS1_2_VERSION : TLS1_3_VERSION}),
        handler_(world.pool, plaintext_) {
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
  Graveyard graveyard_;
  Counters counters_;
  Environment environment_{world_.pool, graveyard_, counters_};
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
