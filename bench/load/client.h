#pragma once

#include <cstdint>
#include <string>

#include "bench/load/client_core.h"
#include "bench/load/response_reader.h"
#include "bench/load/settings.h"
#include "bench/load/statistics.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/stream.h"
#include "tls/secure_stream.h"

namespace sluice::load {

/// One simulated client: a connection and the requests on it, one after the other, each answer
/// checked. Lives in its worker's pool; tells its owner when it is done.
class Client final : public StreamHandler, public Timer {
 public:
  /// For requests to `target`, which outlives it.
  Client(ClientCore& core, const Target& target)
      : core_(core), target_(target), number_(core.connections.next()) {}
  ~Client();

  /// Opens the connection for what was due at an instant, which is not later than now.
  void connect(Instant due);
  /// Sends a request on an idle connection.
  void request(Instant due);
  /// Closes an idle connection.
  void retire();

  // For the owner's list of idle clients.
  [[nodiscard]] bool idle() const { return state_ == State::kIdle; }
  Client* next_idle = nullptr;
  Client* previous_idle = nullptr;

  // StreamHandler
  void on_open() override;
  void on_data(ByteChain data) override;
  void on_end() override;
  void on_acknowledged(std::size_t /*bytes*/) override {}
  void on_failure(StreamError error) override;

 private:
  enum class State : std::uint8_t {
    kNew,
    kConnecting,
    kHandshake,  ///< of TLS
    kWaiting,    ///< for a response
    kIdle,       ///< between two requests
    kClosing,    ///< the answer is there, the server is to close
    kDone,
  };

  void on_timer(Instant now) override;
  void enter(State state);
  void begin_handshake();
  [[nodiscard]] std::string server_name();
  void opened();
  void keep_session();
  void read();
  void note_first_byte();
  void take_body(ByteChain& body);
  void answered();
  [[nodiscard]] bool as_expected(Failure& failure) const;
  void rest_or_close();
  void close();
  void fail(Failure failure);
  void done();
  [[nodiscard]] Failure failure_of(StreamError error) const;

  ClientCore& core_;
  const Target& target_;
  const std::uint64_t number_;
  Stream* stream_ = nullptr;
  tls::SecureStream* secure_ = nullptr;               // the same, once TLS is spoken
  tls::OpenSslPointer<SSL_SESSION> offered_session_;  // the one to be resumed
  State state_ = State::kNew;
  bool first_byte_seen_ = false;
  bool wrong_body_ = false;
  std::uint64_t requests_ = 0;  // sent
  std::uint64_t body_size_ = 0;
  Instant due_{};
  Instant sent_at_{};  // the SYN, the ClientHello, then each request
  ByteChain input_;
  ResponseReader reader_;
};

}  // namespace sluice::load
