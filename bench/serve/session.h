#pragma once

#include <cstdint>

#include "bench/common/head_memory.h"
#include "bench/serve/response_writer.h"
#include "bench/serve/settings.h"
#include "bench/serve/statistics.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/stream.h"
#include "http/body_decoder.h"
#include "http/head_parser.h"
#include "http/head_reader.h"

namespace sluice::serve {

class Session;

/// What matters of a request's head.
struct RequestFacts {
  http::BodyFraming framing;
  bool to_head = false;
  bool keeps_alive = false;
  bool http10 = false;
  bool expects_continue = false;
};

/// What the sessions of one worker share.
struct SessionCore {
  const Settings& settings;
  PacketPool& pool;
  const Clock& clock;
  TimerWheel& timers;
  Statistics& statistics;
  ResponseWriter writer;
  http::HeadParser parser;
  bench::HeadMemory<RequestFacts> memory;
  /// Sessions that have ended, to be destroyed when no call of theirs is under way.
  std::vector<Session*> done;
};

/// One client's connection to the origin: reads requests, one after the other, and answers each.
class Session final : public StreamHandler, public Timer {
 public:
  explicit Session(SessionCore& core) : core_(core) { core_.statistics.open.add(); }
  ~Session();

  /// The stream it answers on, to be given before the first call.
  void set_stream(Stream& stream) { stream_ = &stream; }

  // StreamHandler
  void on_data(ByteChain data) override;
  void on_end() override;
  void on_acknowledged(std::size_t bytes) override;
  void on_failure(StreamError error) override;

 private:
  enum class State : std::uint8_t { kHead, kBody, kDelayed, kAnswering };

  void on_timer(Instant now) override;
  void read();
  bool read_head();
  bool read_body();
  void take_head(const RequestFacts& facts);
  void answer_when_due();
  [[nodiscard]] Instant answer_time() const;
  void answer();
  void send_body(ByteChain message);
  [[nodiscard]] std::uint64_t most_in_flight() const;
  void refuse();
  void close();

  SessionCore& core_;
  Stream* stream_ = nullptr;
  State state_ = State::kHead;
  bool ended_ = false;  // the client sends no more
  RequestFacts request_;
  ByteChain input_;
  http::HeadReader head_reader_;
  http::BodyDecoder body_;
  ResponseWriter::Response response_;
  std::uint64_t body_sent_ = 0;
};

}  // namespace sluice::serve
