#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "dataplane/base/graveyard.h"
#include "dataplane/base/linked_list.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/stream.h"
#include "http/exchange.h"
#include "http/head_error.h"
#include "http/head_reader.h"
#include "http/proxy_core.h"
#include "http/tunnel.h"
#include "tls/server/peer_identity.h"

namespace sluice::http {

struct ClientNote;
struct Turn;

/// A client's connection to a frontend, speaking HTTP/1.1: takes its requests one after the other
/// and sends their responses. It owns itself until its stream is gone.
///
/// Later requests of a pipelining client wait, unread, in the receive window, and so do those of a
/// client that does not take the responses it has asked for.
///
/// When a server switches protocols (101), the connection becomes a tunnel to it.
///
/// Whatever makes the client's framing doubtful ends the connection behind one error response; a
/// response that breaks off ends it with a reset.
class ClientSession final : public StreamHandler,
                            public Timer,
                            public Mortal,
                            public ExchangeClient,
                            public TunnelOwner,
                            public LinkedListNode<ClientSession> {
 public:
  /// For a plain stream, which the session uses at once, or a secure one, whose on_open() follows.
  ClientSession(ProxyCore& core, FrontendId frontend, bool secure);
  ~ClientSession() override;

  /// Begins, on a stream whose handler the session becomes. True: it always does.
  [[nodiscard]] bool start(Stream& stream);

  /// Closes the connection if it is between two requests; else the response under way is the last.
  void drain();
  /// Resets the connection: the worker is going away.
  void destroy();
  [[nodiscard]] FrontendId frontend() const { return frontend_; }

  // StreamHandler
  void on_open() override;
  void on_data(ByteChain data) override;
  void on_end() override;
  void on_acknowledged(std::size_t bytes) override;
  void on_failure(StreamError error) override;

  // ExchangeClient
  void on_backend_progress() override;
  void on_interim_response(const ResponseHead& head) override;
  void on_response(const ResponseHead& head) override;
  void on_response_body(ByteChain data) override;
  void on_response_end() override;
  void on_exchange_failed(unsigned status) override;
  void on_response_broken() override;
  void on_tunnel(const ResponseHead* head) override;

  // TunnelOwner
  void on_tunnel_end(TunnelEnd end) override;

  /// Response bytes a client may owe acknowledgment for when its next request is begun.
  static constexpr std::size_t kMaxPending = std::size_t{256} * 1024;
  /// What is read and thrown away behind the last response, and for how long (RFC 9112 section
  /// 9.6): closing at once would make the client's system throw the response away.
  static constexpr std::size_t kLingerBytes = std::size_t{256} * 1024;
  static constexpr Duration kLingerTime = std::chrono::seconds(2);

 private:
  enum class State : std::uint8_t {
    kHandshake,
    kWaiting,  ///< for a request, or the rest of its head
    kExchange,
    kTunnel,  ///< Turn::tunnel has the stream
    kLingering,
    kClosed,
  };
  enum class Ending : std::uint8_t { kClose, kReset };

  void on_timer(Instant now) override;
  void on_waiting_timer();
  void on_exchange_timer();
  void arm(Duration delay);
  [[nodiscard]] const ClientTimeouts& timeouts() const { return core_.timeouts(frontend_); }
  [[nodiscard]] std::string_view via_name() const { return core_.via_name(frontend_); }
  [[nodiscard]] std::string_view tls_version() const;

  // Requests: client_session_request.cc.
  void process();
  void read_request();
  void begin_turn();
  void begin_exchange(const Frontend& frontend, const RequestHead& request);
  [[nodiscard]] bool may_begin() const;
  [[nodiscard]] bool between_requests() const;
  void refuse(HeadError error, std::string_view head);

  // Their bodies: client_session_request.cc.
  void pump_body();
  enum class Decoded : std::uint8_t { kFine, kBad, kTooLarge, kNoBuffers };
  Decoded decode_body();
  void forward_body();
  void refuse_body(Decoded why);

  // Responses: client_session_response.cc.
  void send(ByteChain data);
  void answer(unsigned status, bool close, EndedBy by);
  void answer_with(const Answer& configured, const RequestHead& request);
  [[nodiscard]] bool is_last_answer(bool close) const;
  [[nodiscard]] bool served_enough() const;
  void send_answer(unsigned status, bool last, ByteChain bytes);
  [[nodiscard]] TemplateValues template_values(const Frontend& frontend) const;
  void end_turn();
  void end_without_buffers();
  void give_back_turn();

  // The access log: client_session_log.cc.
  void note_end(EndedBy by);
  void note_request(const RequestHead& request);
  void keep_head_for_log();
  void log_turn();
  [[nodiscard]] bool has_tag(std::uint64_t serial) const;
  void log_cut_head();

  // The end.
  void linger();
  void end(Ending ending);

  void consume(std::size_t bytes);

  ProxyCore& core_;
  FrontendCounters& counters_;
  Stream* stream_ = nullptr;
  std::unique_ptr<Turn> turn_;  // in kExchange
  ByteChain input_;             // received, and not read yet
  HeadReader reader_;
  std::unique_ptr<ClientNote> access_note_;  // null: nothing is logged
  std::unique_ptr<tls::PeerIdentity> peer_;  // of a client that has shown a certificate
  FrontendId frontend_;
  std::uint32_t requests_ = 0;
  std::uint32_t linger_left_ = 0;
  State state_ = State::kHandshake;
  bool secure_;
  bool processing_ = false;  // process() is on the stack
  bool head_begun_ = false;  // the time for a head is running
  bool input_ended_ = false;
};

}  // namespace sluice::http
