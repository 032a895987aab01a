#include "http/testing/fake_network.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <utility>

#include "dataplane/testing/eal.h"

namespace sluice::http::testing {

void FakeStream::send(ByteChain data) {
  EXPECT_FALSE(gone()) << "send() after letting go";
  EXPECT_FALSE(finished_) << "send() behind finish()";
  sent_size_ += data.size();
  sent_ += sluice::testing::bytes_of(data);
}

void FakeStream::finish() {
  EXPECT_FALSE(gone()) << "finish() after letting go";
  finished_ = true;
}

void FakeStream::consume(std::size_t bytes) {
  EXPECT_FALSE(gone()) << "consume() after letting go";
  consumed_ += bytes;
  EXPECT_LE(consumed_, delivered_) << "consumed more than was delivered";
}

void FakeStream::close() {
  EXPECT_FALSE(gone()) << "close() after letting go";
  closed_ = finished_ = true;
  handler_ = nullptr;
}

void FakeStream::abort() {
  EXPECT_FALSE(gone()) << "abort() after letting go";
  aborted_ = true;
  handler_ = nullptr;
}

void FakeStream::open() {
  if (handler_ == nullptr || opened_) return;
  opened_ = true;
  handler_->on_open();
}

void FakeStream::deliver(std::string_view bytes, std::size_t piece) {
  while (!bytes.empty() && handler_ != nullptr && !ended_) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    ByteChain chain;
    ASSERT_TRUE(chain.append_copy({reinterpret_cast<const std::uint8_t*>(part.data()), part.size()},
                                  pool_));
    delivered_ += part.size();
    largest_held_ = std::max(largest_held_, held());
    handler_->on_data(std::move(chain));
  }
}

void FakeStream::end() {
  if (handler_ == nullptr || ended_) return;
  ended_ = true;
  handler_->on_end();
}

void FakeStream::acknowledge(std::size_t bytes) {
  if (handler_ == nullptr || bytes == 0) return;
  acknowledged_ += bytes;
  ASSERT_LE(acknowledged_, sent_size_);
  handler_->on_acknowledged(bytes);
}

void FakeStream::fail(StreamError error) {
  if (handler_ == nullptr) return;
  std::exchange(handler_, nullptr)->on_failure(error);
}

std::string FakeStream::take() {
  return std::exchange(sent_, std::string());
}

bool FakeNetwork::listening(const wire::Endpoint& local) const {
  return std::any_of(listeners_.begin(), listeners_.end(),
                     [&](const Listener& listener) { return listener.local == local; });
}

bool FakeNetwork::listen(const wire::Endpoint& local, Acceptor& acceptor) {
  const bool occupied = std::find(occupied_.begin(), occupied_.end(), local) != occupied_.end();
  if (occupied || listening(local)) return false;
  listeners_.push_back({local, &acceptor});
  return true;
}

void FakeNetwork::stop_listening(const wire::Endpoint& local) {
  std::erase_if(listeners_, [&](const Listener& listener) { return listener.local == local; });
}

Stream* FakeNetwork::connect(const wire::Endpoint& remote, StreamHandler& handler) {
  if (no_route_) return nullptr;
  const wire::Endpoint local{wire::IpAddress::v4(198, 18, 0, 1), 40000};
  connections_.push_back(std::make_unique<FakeStream>(pool_, local, remote, &handler));
  return connections_.back().get();
}

FakeStream* FakeNetwork::accept(const wire::Endpoint& listening, const wire::Endpoint& client) {
  const auto listener = std::find_if(listeners_.begin(), listeners_.end(),
                                     [&](const Listener& l) { return l.local == listening; });
  if (listener == listeners_.end()) return nullptr;
  auto stream = std::make_unique<FakeStream>(pool_, listening, client, nullptr);
  StreamHandler* handler = listener->acceptor->on_accept(*stream, listening);
  if (handler == nullptr) return nullptr;
  stream->set_handler(*handler);
  stream->opened_ = true;
  accepted_.push_back(std::move(stream));
  return accepted_.back().get();
}

}  // namespace sluice::http::testing
