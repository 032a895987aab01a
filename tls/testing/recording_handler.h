#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "dataplane/stream.h"
#include "dataplane/testing/eal.h"

namespace sluice::tls::testing {

/// A handler that notes what it is told, and then does what the test wants it to.
class RecordingHandler final : public StreamHandler {
 public:
  Stream* stream = nullptr;  ///< what it holds; cleared by a failure
  bool consume_at_once = true;

  bool opened = false;
  bool ended = false;
  std::string received;
  std::size_t acknowledged = 0;
  std::optional<StreamError> failure;

  /// For what the test is made of: comes before in_open.
  std::function<void()> at_open;
  /// What it does inside each call, when set.
  std::function<void()> in_open;
  std::function<void()> in_data;
  std::function<void()> in_end;
  std::function<void()> in_acknowledged;
  std::function<void()> in_failure;

  void on_open() override {
    note(opened);
    run(at_open);
    run(in_open);
  }
  void on_data(ByteChain data) override {
    expect_held();
    EXPECT_FALSE(ended) << "data behind the end";
    EXPECT_FALSE(data.empty());
    received += sluice::testing::bytes_of(data);
    const std::size_t size = data.size();
    data.clear();
    if (consume_at_once) stream->consume(size);
    run(in_data);
  }
  void on_end() override {
    note(ended);
    run(in_end);
  }
  void on_acknowledged(std::size_t bytes) override {
    expect_held();
    acknowledged += bytes;
    run(in_acknowledged);
  }
  void on_failure(StreamError error) override {
    expect_held();
    failure = error;
    stream = nullptr;
    run(in_failure);
  }

  /// Lets go, in the way that is asked for.
  void close() { std::exchange(stream, nullptr)->close(); }
  void abort() { std::exchange(stream, nullptr)->abort(); }

 private:
  void expect_held() const { EXPECT_NE(stream, nullptr) << "called after it has let go"; }
  void note(bool& event) const {
    expect_held();
    EXPECT_FALSE(event) << "told twice";
    event = true;
  }
  static void run(const std::function<void()>& action) {
    if (action) action();
  }
};

}  // namespace sluice::tls::testing
