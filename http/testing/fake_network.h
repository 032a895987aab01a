#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/buffer/packet_pool.h"
#include "dataplane/stream.h"

/// Streams without a network below, for tests of the proxy: a script plays the peers.
namespace sluice::http::testing {

/// One end of a connection: the proxy holds the Stream, a script the rest. It notes what the proxy
/// does to it, and fails the test if the proxy touches it after letting go.
class FakeStream final : public Stream {
 public:
  FakeStream(PacketPool& pool, const wire::Endpoint& local, const wire::Endpoint& remote,
             StreamHandler* handler)
      : pool_(pool), local_(local), remote_(remote), handler_(handler) {}

  // Stream
  void set_handler(StreamHandler& handler) override { handler_ = &handler; }
  void send(ByteChain data) override;
  void finish() override;
  void consume(std::size_t bytes) override;
  void close() override;
  void abort() override;
  [[nodiscard]] std::size_t unacknowledged() const override { return sent_size_ - acknowledged_; }
  [[nodiscard]] bool starves() const override { return starving && unacknowledged() == 0; }
  void widen() override { ++widened_; }
  [[nodiscard]] wire::Endpoint local() const override { return local_; }
  [[nodiscard]] wire::Endpoint remote() const override { return remote_; }

  // What the peer does. Calls for a handler that has let go do nothing.

  /// Answers the connection request.
  void open();
  /// Sends bytes, in packets of at most `piece` bytes.
  void deliver(std::string_view bytes, std::size_t piece = 1400);
  /// Sends its end.
  void end();
  void acknowledge(std::size_t bytes);
  void acknowledge_all() { acknowledge(unacknowledged()); }
  /// Breaks the connection.
  void fail(StreamError error);

  // What the proxy did.

  /// All that it sent since the last call of take().
  [[nodiscard]] const std::string& sent() const { return sent_; }
  std::string take();
  [[nodiscard]] std::size_t sent_size() const { return sent_size_; }
  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] bool aborted() const { return aborted_; }
  [[nodiscard]] bool opened() const { return opened_; }
  /// Whether the proxy has let go, or was told of a failure.
  [[nodiscard]] bool gone() const { return handler_ == nullptr; }
  /// Delivered and not consumed.
  [[nodiscard]] std::size_t held() const { return delivered_ - consumed_; }
  [[nodiscard]] std::size_t largest_held() const { return largest_held_; }
  [[nodiscard]] std::size_t delivered() const { return delivered_; }
  /// How often the proxy asked for a wider window.
  [[nodiscard]] int widened() const { return widened_; }

  /// Whether the peer takes all that it is sent at once, and could take more.
  bool starving = false;

 private:
  friend class FakeNetwork;

  PacketPool& pool_;
  wire::Endpoint local_;
  wire::Endpoint remote_;
  StreamHandler* handler_;
  std::string sent_;
  std::size_t sent_size_ = 0;
  std::size_t acknowledged_ = 0;
  std::size_t delivered_ = 0;
  std::size_t consumed_ = 0;
  std::size_t largest_held_ = 0;
  int widened_ = 0;
  bool finished_ = false;
  bool closed_ = false;
  bool aborted_ = false;
  bool opened_ = false;
  bool ended_ = false;
};

class FakeNetwork final : public StreamNetwork {
 public:
  explicit FakeNetwork(PacketPool& pool) : pool_(pool) {}

  // StreamNetwork
  bool listen(const wire::Endpoint& local, Acceptor& acceptor) override;
  void stop_listening(const wire::Endpoint& local) override;
  Stream* connect(const wire::Endpoint& remote, StreamHandler& handler) override;

  /// A client connects to what is listened on. nullptr when it is refused.
  FakeStream* accept(const wire::Endpoint& listening, const wire::Endpoint& client);

  /// What the proxy has connected to, in order, since the beginning.
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }
  [[nodiscard]] FakeStream& connection(std::size_t index) { return *connections_[index]; }
  [[nodiscard]] FakeStream& last_connection() { return *connections_.back(); }
  [[nodiscard]] bool listening(const wire::Endpoint& local) const;
  [[nodiscard]] std::size_t listeners() const { return listeners_.size(); }

  /// From now on connect() returns nullptr, or does not.
  void set_no_route(bool no_route) { no_route_ = no_route; }
  /// listen() fails for this address.
  void occupy(const wire::Endpoint& local) { occupied_.push_back(local); }

 private:
  struct Listener {
    wire::Endpoint local;
    Acceptor* acceptor;
  };

  PacketPool& pool_;
  std::vector<Listener> listeners_;
  std::vector<wire::Endpoint> occupied_;
  std::deque<std::unique_ptr<FakeStream>> connections_;
  std::deque<std::unique_ptr<FakeStream>> accepted_;
  bool no_route_ = false;
};

}  // namespace sluice::http::testing
