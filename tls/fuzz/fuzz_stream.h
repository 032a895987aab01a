#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/buffer/packet_pool.h"
#include "dataplane/stream.h"
#include "dataplane/testing/fuzz_input.h"

/// What the fuzz targets for TLS streams of both roles share.
namespace sluice::tls::fuzzing {

using sluice::testing::require;

/// 0 to about 16 KiB, small ones more often.
inline std::size_t size_from(sluice::testing::FuzzInput& input) {
  const std::uint8_t value = input.byte();
  return value < 128 ? value : std::size_t{value - 127U} * 128;
}

/// What lies below the stream under test. Requires of it what stream.h asks for.
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
  void deliver_open() {
    if (handler_ != nullptr) handler_->on_open();
  }
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

/// What lies above it: everything received must be what the peer has sent. Does in its calls what
/// it was told to do next.
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

}  // namespace sluice::tls::fuzzing
