#include "tls/testing/fake_stream.h"

#include <gtest/gtest.h>

#include <utility>

namespace sluice::tls::testing {

FakeStream::~FakeStream() {
  EXPECT_TRUE(handler_ == nullptr || closed_ || aborted_) << "nobody let go of the stream";
}

void FakeStream::expect_in_use() const {
  EXPECT_NE(handler_, nullptr) << "a stream that nobody holds is used";
}

void FakeStream::deliver_open() {
  if (handler_ != nullptr) handler_->on_open();
}

void FakeStream::deliver(ByteChain bytes) {
  ASSERT_LE(bytes.size(), window_);
  window_ -= bytes.size();
  held_ += bytes.size();
  if (handler_ != nullptr) handler_->on_data(std::move(bytes));
}

void FakeStream::deliver_end() {
  if (handler_ != nullptr) handler_->on_end();
}

void FakeStream::deliver_failure(StreamError error) {
  if (handler_ != nullptr) std::exchange(handler_, nullptr)->on_failure(error);
}

ByteChain FakeStream::take_sent(std::size_t size, PacketPool& pool) {
  ByteChain taken;
  EXPECT_TRUE(sent_.move_front(size, taken, pool));
  taken_ += taken.size();
  return taken;
}

void FakeStream::acknowledge(std::size_t bytes) {
  ASSERT_LE(bytes, taken_);
  taken_ -= bytes;
  if (handler_ != nullptr && bytes > 0) handler_->on_acknowledged(bytes);
}

void FakeStream::send(ByteChain data) {
  expect_in_use();
  EXPECT_FALSE(finished_) << "bytes behind the end";
  sent_.append(std::move(data));
}

void FakeStream::finish() {
  expect_in_use();
  EXPECT_FALSE(finished_) << "finished twice";
  finished_ = true;
}

void FakeStream::consume(std::size_t bytes) {
  expect_in_use();
  ASSERT_LE(bytes, held_) << "more given back than was delivered";
  held_ -= bytes;
  window_ += bytes;
}

void FakeStream::close() {
  expect_in_use();
  closed_ = finished_ = true;
  handler_ = nullptr;
}

void FakeStream::abort() {
  expect_in_use();
  aborted_ = true;
  handler_ = nullptr;
  sent_.clear();
}

}  // namespace sluice::tls::testing
