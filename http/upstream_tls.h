#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/stream.h"
#include "tls/client/client_context.h"
#include "tls/client/session_stock.h"
#include "tls/environment.h"
#include "tls/secure_stream.h"

namespace sluice::http {

/// TLS with one server, as one worker speaks it: whom the server must prove to be, and the sessions
/// that it has given. A snapshot that changes any of it brings another one; the connections that
/// were made with this one keep it.
class UpstreamTls {
 public:
  /// `server_name`: see tls::ClientContext::prepare().
  UpstreamTls(std::shared_ptr<const tls::ClientContext> context, std::string server_name)
      : context_(std::move(context)), server_name_(std::move(server_name)) {}

  [[nodiscard]] bool is_of(const std::shared_ptr<const tls::ClientContext>& context,
                           std::string_view server_name) const {
    return context_ == context && server_name_ == server_name;
  }

  /// Starts TLS over a stream that is being opened, with the newest session there is. nullptr, and
  /// `lower` is untouched, when there is no memory.
  tls::SecureStream* connect(Stream& lower, StreamHandler& handler, tls::Environment& environment);

  /// Keeps the session that a stream of this server's has got since it was last asked, if any.
  void keep_session(tls::SecureStream& stream) { sessions_.put(stream.take_session()); }
  /// A handshake has failed: the next one shall not depend on any session.
  void forget_sessions() { sessions_.clear(); }

 private:
  std::shared_ptr<const tls::ClientContext> context_;
  std::string server_name_;
  tls::SessionStock sessions_;
};

/// Whether a stream that was open, and has failed before anything came on it, was refused by the
/// server's side of the handshake: with TLS 1.3 a client is done before the server has seen the
/// client's certificate and Finished (RFC 8446 section 4.4). What was sent behind them was not read
/// then. With TLS 1.2 the same alerts may come later, when a request was read.
bool refused_handshake(const tls::SecureStream& stream);

}  // namespace sluice::http
