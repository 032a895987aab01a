#pragma once

#include <cstddef>

#include "dataplane/stream.h"

namespace sluice::tls::testing {

/// A stream whose other end is the test: what TCP is to TLS. Expects (GoogleTest) of who uses it
/// what stream.h asks for.
class FakeStream final : public Stream {
 public:
  explicit FakeStream(std::size_t window) : window_(window) {}
  ~FakeStream();

  // What the test does and sees.

  /// How many more bytes may be delivered now.
  [[nodiscard]] std::size_t window() const { return window_; }
  void deliver_open();
  /// Hands bytes, at most window(), to the handler.
  void deliver(ByteChain bytes);
  void deliver_end();
  void deliver_failure(StreamError error);
  /// Bytes that were sent and not taken yet.
  [[nodiscard]] std::size_t sent() const { return sent_.size(); }
  /// Takes up to `size` bytes that were sent.
  [[nodiscard]] ByteChain take_sent(std::size_t size, PacketPool& pool);
  /// Tells the handler that bytes which were taken have been acknowledged.
  void acknowledge(std::size_t bytes);
  [[nodiscard]] std::size_t unacknowledged_taken() const { return taken_; }

  [[nodiscard]] bool finished() const { return finished_; }
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] bool aborted() const { return aborted_; }
  /// Delivered bytes that were not given back.
  [[nodiscard]] std::size_t held() const { return held_; }

  // What its user does.
  void set_handler(StreamHandler& handler) override { handler_ = &handler; }
  void send(ByteChain data) override;
  void finish() override;
  void consume(std::size_t bytes) override;
  void close() override;
  void abort() override;
  [[nodiscard]] std::size_t unacknowledged() const override { return taken_ + sent_.size(); }
  [[nodiscard]] wire::Endpoint local() const override { return {}; }
  [[nodiscard]] wire::Endpoint remote() const override { return {}; }

 private:
  void expect_in_use() const;

  StreamHandler* handler_ = nullptr;
  ByteChain sent_;
  std::size_t window_;
  std::size_t held_ = 0;
  std::size_t taken_ = 0;
  bool finished_ = false;
  bool closed_ = false;
  bool aborted_ = false;
};

}  // namespace sluice::tls::testing
