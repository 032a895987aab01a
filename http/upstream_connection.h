#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dataplane/base/graveyard.h"
#include "dataplane/base/linked_list.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/stream.h"
#include "http/body_decoder.h"
#include "http/forward_window.h"
#include "http/head_reader.h"
#include "http/upstream_stream.h"
#include "http/upstream_user.h"

namespace sluice::tls {
struct Failure;
}  // namespace sluice::tls

namespace sluice::http {

class UpstreamPool;
struct UpstreamServer;

/// A connection to a server, plain or by TLS: sends requests one at a time and reads their
/// responses. It owns itself; the pool lends it to one user at a time. It is open when the TLS
/// handshake is done and the server is trusted; nothing of a request is sent before that.
///
/// Anything that leaves doubt about where the next response begins closes it: a response before the
/// request was sent and acknowledged, bytes that nobody asked for, broken framing, a timeout, a
/// user that walks away.
class UpstreamConnection final : public StreamHandler,
                                 public Timer,
                                 public Mortal,
                                 public LinkedListNode<UpstreamConnection> {
 public:
  UpstreamConnection(UpstreamPool& pool, UpstreamServer& server);
  ~UpstreamConnection() override = default;

  /// Begins to connect. False when the network cannot, or there is no memory for TLS.
  [[nodiscard]] bool connect(StreamNetwork& network);

  // For the user.

  /// What the connection must know of the request to come.
  struct Request {
    bool to_head = false;           ///< the method is HEAD
    bool expects_continue = false;  ///< the client waits for a 100 before it sends its body
    /// The protocols that the server may switch to; empty: none. Stays until the response's head.
    std::string_view upgrade{};
  };
  /// Lends the connection to a user for one request.
  void assign(UpstreamUser& user, const Request& request);
  /// Sends bytes of the request as they are. Only its head before opened().
  void send(ByteChain data);
  /// All of the request has been sent.
  void request_sent();
  /// Opens the server's window as far as `pending` bytes, which the client has yet to acknowledge,
  /// allow; and further than before if the client `starves` for it.
  void release(std::size_t pending, bool starves);
  /// Gives the connection up in the middle of an exchange: it is reset.
  void abandon();
  /// Gives the stream away, for a tunnel, and is gone: in on_upstream_switch(), whose head is gone
  /// too, or in on_upstream_open() when nothing was sent.
  [[nodiscard]] UpstreamStream hand_over();

  [[nodiscard]] bool opened() const { return state_ == State::kBusy; }
  /// Whether it served another request before.
  [[nodiscard]] bool reused() const { return requests_ > 1; }
  [[nodiscard]] std::size_t unacknowledged() const;
  /// It could send more at once.
  [[nodiscard]] bool starves() const;
  [[nodiscard]] UpstreamServer& server() const { return server_; }

  // For the pool.

  [[nodiscard]] Instant idle_since() const { return idle_since_; }
  [[nodiscard]] bool idle() const { return state_ == State::kIdle; }
  [[nodiscard]] wire::Endpoint remote() const { return remote_; }
  /// Null when it is a plain one.
  [[nodiscard]] const std::shared_ptr<UpstreamTls>& tls() const { return tls_; }
  /// Waits for the next user, at most for `time`.
  void become_idle(Duration time);
  /// Closes an idle connection in order.
  void close_idle();
  /// Resets the connection without telling its user: the worker is going away.
  void destroy();

  // StreamHandler
  void on_open() override;
  void on_data(ByteChain data) override;
  void on_end() override;
  void on_acknowledged(std::size_t bytes) override;
  void on_failure(StreamError error) override;

 private:
  enum class State : std::uint8_t { kConnecting, kBusy, kIdle, kClosed };

  // More interim responses than any server has reason to send.
  static constexpr std::uint8_t kMaxInterim = 16;

  bool start_tls();
  void handshake_done();
  void keep_session();
  [[nodiscard]] bool handshake_failed(StreamError error) const;
  void note_handshake_failure(const tls::Failure& failure);

  void on_timer(Instant now) override;
  void on_busy_timer(Instant now);
  void arm(Duration delay);
  void arm_for_response();

  void read_response();
  bool read_head();
  bool take_head(const ResponseHead& head);
  [[nodiscard]] HeadError fault_of(const ResponseHead& head);
  void read_body();
  void complete();
  void fail(UpstreamFailure failure);
  void consume(std::size_t bytes);
  enum class Ending : std::uint8_t { kClose, kReset };
  void shut(Ending ending);

  UpstreamPool& pool_;
  UpstreamServer& server_;
  std::shared_ptr<UpstreamTls> tls_;
  Stream* stream_ = nullptr;
  tls::SecureStream* secure_ = nullptr;  // the same, with TLS
  UpstreamUser* user_ = nullptr;
  ByteChain input_;
  HeadReader reader_;
  BodyDecoder body_;
  ForwardWindow window_;
  std::string_view upgrade_;  // what the request asks to switch to
  wire::Endpoint remote_;
  Instant idle_since_{};
  std::uint32_t requests_ = 0;
  State state_ = State::kConnecting;
  std::uint8_t interim_ = 0;
  bool to_head_ = false;
  bool awaits_continue_ = false;
  bool acknowledged_ = false;  // some of the request
  bool request_sent_ = false;
  bool response_begun_ = false;  // its first byte has come
  bool head_done_ = false;
  bool keep_ = false;  // the response lets the connection live
};

}  // namespace sluice::http
