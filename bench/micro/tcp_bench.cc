// What TCP itself costs: both ends of connections in one process, without IP, ports and HTTP. One
// iteration is what one connection does, so the time is the sum of both ends.
#include <benchmark/benchmark.h>

#include <memory>
#include <new>
#include <span>
#include <vector>

#include "bench/micro/exchange.h"

namespace sluice::micro {
namespace {

constexpr std::uint16_t kPort = 80;
constexpr std::size_t kRequest = 100;
constexpr std::size_t kResponse = 200;

ByteChain bytes(PacketPool& pool, std::size_t size) {
  static const std::vector<std::uint8_t> text(64 * 1024, 'x');
  ByteChain chain;
  if (!chain.append_copy(std::span(text).first(size), pool)) throw std::bad_alloc();
  return chain;
}

/// Answers every `kRequest` bytes with `response` bytes.
class Answering final : public StreamHandler {
 public:
  Answering(Stream& stream, PacketPool& pool, std::size_t response)
      : stream_(stream), pool_(pool), response_(response) {}
  void on_data(ByteChain data) override {
    stream_.consume(data.size());
    for (pending_ += data.size(); pending_ >= kRequest; pending_ -= kRequest) {
      stream_.send(bytes(pool_, response_));
    }
  }
  void on_end() override { stream_.close(); }
  void on_acknowledged(std::size_t /*bytes*/) override {}
  void on_failure(StreamError /*error*/) override {}

 private:
  Stream& stream_;
  PacketPool& pool_;
  std::size_t response_;
  std::size_t pending_ = 0;
};

class Server final : public Acceptor {
 public:
  Server(DirectHost& host, std::size_t response) : host_(host), response_(response) {
    host.stack().listen({host.address(), kPort}, *this);
  }
  StreamHandler* on_accept(Stream& stream, const wire::Endpoint& /*listening*/) override {
    handlers_.push_back(std::make_unique<Answering>(stream, host_.pool(), response_));
    return handlers_.back().get();
  }
  void forget() { handlers_.clear(); }

 private:
  DirectHost& host_;
  std::size_t response_;
  std::vector<std::unique_ptr<Answering>> handlers_;
};

class Asking final : public StreamHandler {
 public:
  explicit Asking(Exchange& exchange)
      : pool_(exchange.client().pool()),
        stream_(exchange.client().stack().connect({exchange.server().address(), kPort}, *this)) {}
  void ask() { stream_->send(bytes(pool_, kRequest)); }
  void close() { stream_->close(); }
  void on_data(ByteChain data) override {
    received_ += data.size();
    stream_->consume(data.size());
  }
  void on_end() override {}
  void on_acknowledged(std::size_t /*bytes*/) override {}
  void on_failure(StreamError /*error*/) override {}
  [[nodiscard]] std::size_t received() const { return received_; }

 private:
  PacketPool& pool_;
  Stream* stream_;
  std::size_t received_ = 0;
};

/// A request and its response on each of so many open connections.
void keep_alive(benchmark::State& state) {
  const auto connections = static_cast<std::uint32_t>(state.range(0));
  Exchange exchange(connections);
  Server server(exchange.server(), kResponse);
  std::vector<std::unique_ptr<Asking>> clients;
  for (std::uint32_t i = 0; i < connections; ++i) {
    clients.push_back(std::make_unique<Asking>(exchange));
    if (i % 64 == 0) exchange.settle();
  }
  exchange.settle();
  std::size_t next = 0;
  std::size_t segments = 0;
  constexpr std::size_t kTogether = 32;
  while (state.KeepRunningBatch(kTogether)) {
    for (std::size_t i = 0; i < kTogether; ++i) clients[next++ % connections]->ask();
    segments += exchange.settle();
  }
  state.counters["segments"] =
      static_cast<double>(segments) / static_cast<double>(state.iterations());
}
BENCHMARK(keep_alive)->Arg(64)->Arg(4096);

/// A connection from its SYN to TIME_WAIT, with a request and a response.
void connection(benchmark::State& state) {
  Exchange exchange(4096);
  Server server(exchange.server(), kResponse);
  std::size_t segments = 0;
  constexpr std::size_t kTogether = 32;
  while (state.KeepRunningBatch(kTogether)) {
    std::vector<std::unique_ptr<Asking>> clients;
    for (std::size_t i = 0; i < kTogether; ++i) {
      clients.push_back(std::make_unique<Asking>(exchange));
      clients.back()->ask();
    }
    segments += exchange.settle();
    for (auto& client : clients) client->close();
    segments += exchange.settle();
    server.forget();
    exchange.clock().advance_by(std::chrono::milliseconds(1));
  }
  state.counters["segments"] =
      static_cast<double>(segments) / static_cast<double>(state.iterations());
}
BENCHMARK(connection);

/// A response of so many bytes on an open connection.
void bulk(benchmark::State& state) {
  const auto size = static_cast<std::size_t>(state.range(0));
  Exchange exchange(64);
  Server server(exchange.server(), size);
  Asking client(exchange);
  exchange.settle();
  std::size_t segments = 0;
  for (auto _ : state) {
    client.ask();
    segments += exchange.settle();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(client.received()));
  state.counters["segments"] =
      static_cast<double>(segments) / static_cast<double>(state.iterations());
}
BENCHMARK(bulk)->Arg(60'000);

}  // namespace
}  // namespace sluice::micro

BENCHMARK_MAIN();
