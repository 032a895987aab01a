#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "http/access_log/exchange_trace.h"
#include "http/balancing/waiting_line.h"
#include "http/request_head.h"
#include "http/response_head.h"
#include "http/settings.h"
#include "http/tunnel.h"
#include "http/upstream_connection.h"
#include "http/upstream_user.h"
#include "tls/server/peer_identity.h"

namespace sluice::http {

struct ProxyCore;
struct RequestHop;

/// The client's side of an exchange: an HTTP/1.1 session; later, an HTTP/2 stream. Exactly one of
/// on_response_end(), on_exchange_failed(), on_response_broken() and on_tunnel() is the last call
/// for an exchange that was not cancelled; each may come from within Exchange::start().
class ExchangeClient {
 public:
  /// The backend can take the request's body now, or has acknowledged some of it.
  virtual void on_backend_progress() = 0;
  /// A 1xx response.
  virtual void on_interim_response(const ResponseHead& head) = 0;
  virtual void on_response(const ResponseHead& head) = 0;
  /// Part of the response's body, without framing.
  virtual void on_response_body(ByteChain data) = 0;
  virtual void on_response_end() = 0;
  /// There is and will be no response: 404, 502, 503 or 504.
  virtual void on_exchange_failed(unsigned status) = 0;
  /// The response broke off behind its head: what the client has must not look whole.
  virtual void on_response_broken() = 0;
  /// From here on both connections are one tunnel: the server has switched protocols (101), or was
  /// connected to for that alone (`head` is null). To be begun with Exchange::take_server(), or
  /// cancelled, at once.
  virtual void on_tunnel(const ResponseHead* head) = 0;

 protected:
  ~ExchangeClient() = default;
};

/// Whose request it is.
struct RequestOrigin {
  FrontendId frontend;
  wire::IpAddress client;
  bool secure = false;
  std::string_view tls_version{};  ///< "TLSv1.3"; "" without TLS
  std::uint64_t serial = 0;        ///< of the request in its worker
  /// The client by its certificate, if it has shown a good one. Outlives the exchange.
  const tls::PeerIdentity* peer = nullptr;
};

/// One request and its response: finds a backend and a server, gets a connection, tries again
/// where that is safe, and carries both messages across. Used again for many exchanges in turn.
///
/// Safe to repeat is (RFC 9110 section 9.2.2): any request whose connection was never opened, or
/// whose server refused the TLS handshake before any of the body was sent; and a request with an
/// idempotent method of whose body nothing was sent, when a pooled connection turns out to be dead
/// before a byte of the response came, or when the backend's settings say so of such a failure.
/// What is not safe to repeat takes a pooled connection only while that is fresh.
///
/// Where every server is at its limit it waits in the backend's line.
class Exchange final : public UpstreamUser, public Waiter {
 public:
  explicit Exchange(ProxyCore& core) : core_(core) {}
  ~Exchange() = default;
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Begins. `head` is the request as it was received: kept by the caller, where it is, until the
  /// exchange has ended, since a repetition reads it again; `request` is what it says. Without a
  /// backend it fails with 404.
  void start(ExchangeClient& client, const RequestOrigin& origin, BackendId backend,
             const RequestHead& request, std::string_view head);

  /// Connects to a server of a backend for a tunnel: nothing is sent to it.
  void start_tunnel(ExchangeClient& client, const RequestOrigin& origin, BackendId backend);

  /// In on_tunnel(): the server's stream, which the exchange has nothing to do with any more. It
  /// stays active, and counts at its server and backend, until end_tunnel() or cancel().
  [[nodiscard]] UpstreamStream take_server() {
    return std::exchange(upstream_, nullptr)->hand_over();
  }
  [[nodiscard]] TunnelCounters tunnel_counters() const;
  /// The tunnel has ended.
  void end_tunnel(TunnelEnd end);

  /// Whether send_body() may be called.
  [[nodiscard]] bool takes_body() const { return upstream_ != nullptr && upstream_->opened(); }
  /// Part of the request's body, without framing.
  void send_body(ByteChain data);
  /// The request is complete. To be called once for every request: for one that has a body, only
  /// while takes_body().
  void end_body();
  /// Bytes of the request that the server has yet to acknowledge.
  [[nodiscard]] std::size_t backend_pending() const {
    return upstream_ == nullptr ? 0 : upstream_->unacknowledged();
  }
  /// The server could be sent more of the request at once.
  [[nodiscard]] bool backend_starves() const {
    return upstream_ != nullptr && upstream_->starves();
  }
  /// The client has acknowledged; `pending` bytes are still on their way to it. `starves`: it could
  /// be sent more at once.
  void client_acknowledged(std::size_t pending, bool starves) {
    if (upstream_ != nullptr) upstream_->release(pending, starves);
  }

  enum class Cancel : std::uint8_t { kClientGone, kAnsweredOtherwise };
  /// Gives up. Nothing is called after this.
  void cancel(Cancel reason);

  /// What has become of it so far, or became of it; stays until the next one begins or forget().
  [[nodiscard]] const ExchangeTrace& trace() const { return trace_; }
  /// How far it has come.
  [[nodiscard]] EndPhase phase() const;
  void forget() { trace_ = {}; }

  /// Whether the exchange goes on.
  [[nodiscard]] bool active() const { return client_ != nullptr; }

  // UpstreamUser
  void on_upstream_open() override;
  void on_upstream_acknowledged() override;
  void on_upstream_interim(const ResponseHead& head) override;
  void on_upstream_switch(const ResponseHead& head) override;
  void on_upstream_head(const ResponseHead& head) override;
  void on_upstream_body(ByteChain data) override;
  void on_upstream_end() override;
  void on_upstream_failure(UpstreamFailure failure) override;

  // Waiter
  void on_place() override;
  void on_wait_timeout() override;

 private:
  void begin(ExchangeClient& client, const RequestOrigin& origin, BackendId backend);
  void count_response(const ResponseHead& head);
  void attempt(const RequestHead& request);
  bool connect(UpstreamServer& server, const RequestHead& request);
  void wait_in_line(const Backend& backend);
  bool send_head(const RequestHead& request, UpstreamConnection& upstream);
  void edit(const RequestHead& request, const Frontend& frontend, RequestHop& hop) const;
  void server_succeeded();
  void server_failed();
  void fail(unsigned status, EndCause cause);
  void enter_server(UpstreamServer& server);
  void leave_server();
  void leave_backend();

  // Trying again: exchange_retry.cc.
  bool may_repeat(UpstreamFailure failure, bool reused);
  void note_bad_response(UpstreamFailure failure);
  bool may_replace(unsigned status);
  bool take_retry();
  void repeat();
  void note_tried(ServerId server);
  [[nodiscard]] bool replayable() const;

  // Servers remembered as tried; of more, the first are forgotten.
  static constexpr std::size_t kTriedRemembered = 8;

  ProxyCore& core_;
  ExchangeClient* client_ = nullptr;
  UpstreamConnection* upstream_ = nullptr;
  UpstreamServer* server_ = nullptr;  // of the present attempt
  std::string_view head_;
  RequestOrigin origin_;
  BackendId backend_;
  std::optional<std::uint64_t> key_;  // what the backend's servers are chosen by
  std::uint32_t attempts_left_ = 0;
  Instant sent_{};  // when the present attempt had an open connection
  ExchangeTrace trace_;
  std::array<ServerId, kTriedRemembered> tried_;
  std::uint8_t tried_count_ = 0;
  Method method_ = Method::kOther;
  bool chunked_ = false;    // the request's body
  bool body_sent_ = false;  // some of it
  bool request_done_ = false;
  bool responding_ = false;  // the client has the head
  bool fresh_only_ = false;  // pooled connections have proved stale
  bool last_resort_ = false;
  bool waiting_ = false;      // in the backend's line
  bool has_place_ = false;    // it comes from there
  bool tunnel_only_ = false;  // started by start_tunnel()
};

}  // namespace sluice::http
