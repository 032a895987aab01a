// What protecting a record costs, beside the cipher alone on as many bytes in a row: one
// connection's records, and those of many in turn, whose keys the context must be given each time.
#include <benchmark/benchmark.h>

#include <array>
#include <memory>
#include <new>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include "dataplane/buffer/packet_pool.h"
#include "dataplane/testing/eal.h"
#include "tls/record/key_schedule.h"
#include "tls/record/record_opening.h"
#include "tls/record/record_sealing.h"

namespace sluice::micro {
namespace {

constexpr tls::Suite kSuite{.aead = tls::Aead::kAes128Gcm};

/// A worker's part, and some connections' keys for one direction.
class Bench {
 public:
  explicit Bench(std::size_t connections) : pool_("bench", 4096), connections_(connections) {
    for (std::size_t i = 0; i < connections; ++i) {
      std::array<std::uint8_t, 32> secret{};
      secret[0] = static_cast<std::uint8_t>(i);
      for (auto* keys : {&connections_[i].sending, &connections_[i].receiving}) {
        tls::begin_keys(kSuite, secret, *keys);
      }
    }
  }

  ByteChain plaintext(std::size_t size) {
    ByteChain chain;
    const std::vector<std::uint8_t> bytes(size, 'x');
    if (!chain.append_copy(bytes, pool_)) throw std::bad_alloc();
    return chain;
  }
  ByteChain seal(std::size_t connection, const ByteChain& plaintext) {
    if (!tls::seal_record(ciphers_, kSuite, connections_[connection].sending,
                          tls::ContentType::kApplicationData, plaintext, plaintext.size(),
                          output_)) {
      throw std::bad_alloc();
    }
    return output_.take();
  }
  void open(std::size_t connection, ByteChain record) {
    const tls::OpenedRecord opened = tls::open_record(
        ciphers_, kSuite, connections_[connection].receiving, std::move(record), pool_);
    if (opened.status != tls::OpenedRecord::Status::kOpened) throw std::logic_error("not opened");
  }

 private:
  struct Connection {
    tls::TrafficKeys sending;
    tls::TrafficKeys receiving;
  };

  PacketPool pool_;
  tls::BufferReserve reserve_{pool_};
  tls::OutputBuffers output_{reserve_};
  tls::RecordCiphers ciphers_;
  std::vector<Connection> connections_;
};

Bench& bench(std::size_t connections) {
  testing::start_eal();
  static std::unique_ptr<Bench> one;
  static std::size_t made_for = 0;
  if (made_for != connections) {
    one.reset();
    one = std::make_unique<Bench>(connections);
    made_for = connections;
  }
  return *one;
}

// Arguments: bytes of plaintext, connections in turn.
void seal(benchmark::State& state) {
  const auto connections = static_cast<std::size_t>(state.range(1));
  Bench& with = bench(connections);
  const ByteChain plaintext = with.plaintext(static_cast<std::size_t>(state.range(0)));
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(with.seal(next++ % connections, plaintext).size());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

// What the pair costs; opening is the difference to seal().
void seal_and_open(benchmark::State& state) {
  const auto connections = static_cast<std::size_t>(state.range(1));
  Bench& with = bench(connections);
  const ByteChain plaintext = with.plaintext(static_cast<std::size_t>(state.range(0)));
  std::size_t next = 0;
  for (auto _ : state) {
    const std::size_t connection = next++ % connections;
    with.open(connection, with.seal(connection, plaintext));
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

// The limit: the same bytes in one place, the key known, no header.
void cipher_alone(benchmark::State& state) {
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(state.range(0)));
  const auto plaintext = std::span<const std::uint8_t>(bytes);
  const std::array<std::uint8_t, 16> key{};
  tls::RecordCiphers ciphers;
  for (auto _ : state) {
    tls::RecordCipher* cipher = ciphers.begin_sealing(kSuite.aead, key, {}, {});
    tls::RecordCipher::Tag tag;
    bool done = cipher->apply(plaintext, bytes.data()) && cipher->finish(tag);
    benchmark::DoNotOptimize(done);
    benchmark::DoNotOptimize(tag);
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void key_update(benchmark::State& state) {
  tls::TrafficKeys keys;
  tls::begin_keys(kSuite, std::array<std::uint8_t, 32>{}, keys);
  for (auto _ : state) {
    tls::update_keys(kSuite, keys);
    benchmark::DoNotOptimize(keys);
  }
}

BENCHMARK(cipher_alone)->Arg(64)->Arg(300)->Arg(1390)->Arg(16384);
BENCHMARK(seal)->ArgsProduct({{64, 300, 1390, 16384}, {1, 1000}});
BENCHMARK(seal_and_open)->ArgsProduct({{64, 300, 1390, 16384}, {1, 1000}});
BENCHMARK(key_update);

}  // namespace
}  // namespace sluice::micro

BENCHMARK_MAIN();
