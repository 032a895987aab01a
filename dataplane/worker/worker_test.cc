#include "dataplane/worker/worker.h"

#include <gtest/gtest.h>
#include <rte_ethdev.h>

#include <memory>
#include <string>

#include "dataplane/testing/eal.h"

namespace sluice::worker {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

constexpr HashKey kKey{0x0123456789abcdef, 0xfedcba9876543210};
constexpr std::uint16_t kService = 80;

class Nothing final : public Application {
 public:
  void begin_loop(Instant /*now*/) override {}
};

// Sends back what it gets, on every stream it accepts.
class Echo final : public Acceptor {
 public:
  StreamHandler* on_accept(Stream& stream, const wire::Endpoint& /*listening*/) override {
    handlers_.push_back(std::make_unique<Handler>(stream));
    return handlers_.back().get();
  }

  [[nodiscard]] std::size_t accepted() const { return handlers_.size(); }

 private:
  struct Handler final : StreamHandler {
    explicit Handler(Stream& own_stream) : stream(own_stream) {}
    void on_data(ByteChain data) override {
      stream.consume(data.size());
      stream.send(std::move(data));
    }
    void on_end() override { stream.close(); }
    void on_acknowledged(std::size_t /*bytes*/) override {}
    void on_failure(StreamError /*error*/) override {}
    Stream& stream;
  };

  std::vector<std::unique_ptr<Handler>> handlers_;
};

// The other end of all of them: counts what comes back.
class Client final : public StreamHandler {
 public:
  void on_open() override { ++opened; }
  void on_data(ByteChain data) override { bytes += data.size(); }
  void on_end() override {}
  void on_acknowledged(std::size_t /*bytes*/) override {}
  void on_failure(StreamError /*error*/) override { ++failed; }

  std::size_t opened = 0;
  std::size_t failed = 0;
  std::size_t bytes = 0;
};

// A host of some workers whose only port is one end of a wire with one queue.
class Host {
 public:
  Host(std::uint32_t workers, const std::string& device, const char* address,
       port::DeviceEnvironment& environment, const std::string& name)
      : ethdev_name_("net_ring_" + name),
        received_(("r" + name).c_str(), workers),
        transmitted_(("t" + name).c_str(), workers) {
    environment.workers = workers;
    port_ = std::make_unique<port::Port>(port::PortId(0), port::parse_device_name(device), 0,
                                         environment, links_);
    std::vector<PacketPool*> pools;
    for (std::uint32_t i = 0; i < workers; ++i) {
      pools_.push_back(std::make_unique<testing::TestPool>(4096));
      pools.push_back(&**pools_.back());
    }
    port_->start(pools);
    port_pointer_ = port_.get();
    const ip::InterfaceConfig interface {
      "wire", {port_->properties()}, {*wire::Prefix::parse(address)}, {}
    };
    const bool alone = workers == 1;
    const Surroundings surroundings{.ports = {&port_pointer_, 1},
                                    .links = links_,
                                    .received = alone ? nullptr : &received_,
                                    .transmitted = alone ? nullptr : &transmitted_,
                                    .timeline = TscTimeline(1'000'000'000, 0),
                                    .flow_key = kKey};
    for (std::uint32_t i = 0; i < workers; ++i) {
      const WorkerSettings settings{
          .index = i, .count = workers, .interfaces = {&interface, 1}, .tcp = small_tcp()};
      workers_.push_back(std::make_unique<Worker>(settings, surroundings, *pools[i]));
    }
  }

  static tcp::StackConfig small_tcp() {
    tcp::StackConfig config;
    config.max_connections = 1024;
    config.max_half_open = 256;
    config.max_time_wait = 256;
    return config;
  }

  bool pass(Instant now) {
    bool worked = false;
    for (std::uint32_t i = 0; i < workers_.size(); ++i) worked |= pass(i, nothing_, now);
    return worked;
  }
  bool pass(std::uint32_t worker, Application& application, Instant now) {
    return workers_[worker]->run_once(application, now);
  }

  // The link falls and is back before any worker has looked.
  void bounce_link() {
    std::uint16_t ethdev = 0;
    ASSERT_EQ(rte_eth_dev_get_port_by_name(ethdev_name_.c_str(), &ethdev), 0);
    ASSERT_EQ(rte_eth_dev_set_link_down(ethdev), 0);
    EXPECT_TRUE(port_->refresh_link());
    ASSERT_EQ(rte_eth_dev_set_link_up(ethdev), 0);
    EXPECT_TRUE(port_->refresh_link());
  }

  Worker& worker(std::uint32_t index) { return *workers_[index]; }
  port::Port& port() { return *port_; }
  const port::Counters& counters(std::uint32_t worker) {
    return workers_[worker]->port_counters(port::PortId(0));
  }

 private:
  Nothing nothing_;
  std::string ethdev_name_;
  std::vector<std::unique_ptr<testing::TestPool>> pools_;
  port::HandOffMesh received_;
  port::HandOffMesh transmitted_;
  port::LinkMonitor links_;
  std::unique_ptr<port::Port> port_;
  port::Port* port_pointer_ = nullptr;
  std::vector<std::unique_ptr<Worker>> workers_;
};

class TwoHosts : public ::testing::Test {
 protected:
  TwoHosts() {
    testing::start_eal();
    static int count = 0;
    const std::string wire = "w" + std::to_string(count++);
    environment_ = std::make_unique<port::DeviceEnvironment>(1);
    server_ =
        std::make_unique<Host>(2, "ring:" + wire, "198.18.0.1/24", *environment_, wire + "-0");
    client_ =
        std::make_unique<Host>(1, "ring:" + wire, "198.18.0.2/24", *environment_, wire + "-1");
    for (std::uint32_t i = 0; i < 2; ++i) {
      EXPECT_TRUE(server_->worker(i).stack().listen(service(), echo_[i]));
    }
  }
  ~TwoHosts() override {
    // Packets are in both hosts' hands: streams, then workers, then wires and pools.
    server_.reset();
    client_.reset();
    environment_.reset();
  }

  static wire::Endpoint service() { return {wire::IpAddress::v4(198, 18, 0, 1), kService}; }

  void run_for(Duration time) {
    for (const Instant end = now_ + time; now_ < end; now_ += microseconds(100)) {
      server_->pass(now_);
      client_->pass(now_);
    }
  }

  Instant now_{};
  std::unique_ptr<port::DeviceEnvironment> environment_;
  Echo echo_[2];
  std::unique_ptr<Host> server_;
  std::unique_ptr<Host> client_;
};

TEST_F(TwoHosts, OneQueueFeedsAllWorkersAndAllAnswerThroughIt) {
  Client client;
  constexpr std::size_t kConnections = 100;
  std::vector<Stream*> streams;
  for (std::size_t i = 0; i < kConnections; ++i) {
    Stream* stream = client_->worker(0).stack().connect(service(), client);
    ASSERT_NE(stream, nullptr);
    streams.push_back(stream);
    run_for(microseconds(200));
  }
  run_for(seconds(2));
  EXPECT_EQ(client.opened, kConnections);
  EXPECT_EQ(client.failed, 0U);
  EXPECT_GT(echo_[0].accepted(), kConnections / 4);
  EXPECT_GT(echo_[1].accepted(), kConnections / 4);
  EXPECT_EQ(echo_[0].accepted() + echo_[1].accepted(), kConnections);
  EXPECT_GT(server_->counters(0).handed_off.get(), 0U);
  EXPECT_EQ(server_->counters(1).received_packets.get(), 0U) << "it has no queue";
  EXPECT_GT(server_->counters(1).transmit_handed_off.get(), 0U);

  for (Stream* stream : streams) {
    ByteChain data;
    ASSERT_TRUE(data.append_copy({{1, 2, 3, 4, 5}}, client_->worker(0).pool()));
    stream->send(std::move(data));
  }
  run_for(seconds(1));
  EXPECT_EQ(client.bytes, 5 * kConnections);
  for (Stream* stream : streams) stream->close();
  run_for(seconds(2));
  for (std::uint32_t i = 0; i < 2; ++i) {
    EXPECT_EQ(server_->worker(i).stack().connections(), 0U);
    EXPECT_EQ(server_->counters(i).hand_off_drops.get(), 0U);
  }
}

TEST_F(TwoHosts, EveryWorkerLearnsNeighboursAndOneAnswers) {
  Client client;
  Stream* stream = client_->worker(0).stack().connect(service(), client);
  ASSERT_NE(stream, nullptr);
  run_for(seconds(1));
  EXPECT_EQ(client.opened, 1U);
  EXPECT_GT(server_->counters(0).copied.get(), 0U);
  stream->abort();
  run_for(seconds(1));
}

TEST_F(TwoHosts, NeighboursBehindAFallenLinkAreAskedForAnew) {
  Client client;
  const auto connect = [&] {
    Stream* stream = client_->worker(0).stack().connect(service(), client);
    ASSERT_NE(stream, nullptr);
    run_for(seconds(1));
    stream->abort();
    run_for(microseconds(500));
  };
  const Counter& asked = client_->worker(0).network().counters().solicitations_sent;
  run_for(seconds(3));
  connect();
  const std::uint64_t before = asked.get();
  connect();
  EXPECT_EQ(asked.get(), before) << "still known";
  client_->bounce_link();
  connect();
  EXPECT_EQ(asked.get(), before + 1);
  EXPECT_EQ(client.opened, 3U);
}

// Otherwise clients that knock while Sluice starts would be refused.
TEST_F(TwoHosts, AnApplicationListensBeforeTheFirstPacketIsReceived) {
  struct Listener final : Application {
    Listener(Worker& worker, Acceptor& acceptor) : worker_(worker), acceptor_(acceptor) {}
    void begin_loop(Instant /*now*/) override {
      (void)worker_.stack().listen({service().address, kService + 1}, acceptor_);
    }
    Worker& worker_;
    Acceptor& acceptor_;
  };
  Client client;
  Stream* stream = client_->worker(0).stack().connect(service(), client);
  run_for(seconds(1));  // the neighbour is known now
  stream->close();

  stream = client_->worker(0).stack().connect({service().address, kService + 1}, client);
  ASSERT_NE(stream, nullptr);
  client_->pass(now_);
  for (std::uint32_t i = 0; i < 2; ++i) {
    Listener listener(server_->worker(i), echo_[i]);
    server_->pass(i, listener, now_);
  }
  run_for(seconds(1));
  EXPECT_EQ(client.opened, 2U);
  EXPECT_EQ(client.failed, 0U);
  stream->close();
  run_for(seconds(2));
}

TEST_F(TwoHosts, AnIdlePassDoesNothing) {
  run_for(seconds(3));  // announcements, duplicate address detection
  const std::uint64_t loops = server_->worker(0).counters().loops.get();
  EXPECT_FALSE(server_->pass(now_));
  EXPECT_EQ(server_->worker(0).counters().loops.get(), loops + 1);
}

TEST_F(TwoHosts, MessagesRunInTheLoop) {
  int done = 0;
  server_->worker(1).post([&] { ++done; });
  EXPECT_EQ(done, 0);
  EXPECT_TRUE(server_->pass(now_));
  EXPECT_EQ(done, 1);
  EXPECT_EQ(server_->worker(1).counters().messages.get(), 1U);
}

TEST_F(TwoHosts, StopEndsARunningLoop) {
  Nothing application;
  server_->worker(0).stop();
  server_->worker(0).run(application);
  EXPECT_EQ(server_->worker(0).counters().loops.get(), 0U);
}

}  // namespace
}  // namespace sluice::worker
