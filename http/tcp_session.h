#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "dataplane/base/graveyard.h"
#include "dataplane/base/linked_list.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/stream.h"
#include "http/access_log/client_note.h"
#include "http/exchange.h"
#include "http/proxy_core.h"
#include "http/tunnel.h"

namespace sluice::http {

/// A client's connection to a frontend in TCP mode: finds a server of the frontend's backend and is
/// a tunnel to it from then on. What the client sends meanwhile waits in its receive window. A
/// client for which there is no server is reset. It owns itself until its stream is gone.
class TcpSession final : public StreamHandler,
                         public Timer,
                         public Mortal,
                         public ExchangeClient,
                         public TunnelOwner,
                         public LinkedListNode<TcpSession> {
 public:
  /// For a plain stream, or a secure one, whose on_open() follows.
  TcpSession(ProxyCore& core, FrontendId frontend, bool secure);

  /// Begins, on a stream whose handler the session becomes. False, with the session gone and the
  /// stream not touched, when there is no server to be had.
  [[nodiscard]] bool start(Stream& stream);
  /// Resets the connection: the worker is going away.
  void destroy();

  // StreamHandler, until there is a tunnel
  void on_open() override;
  void on_data(ByteChain data) override;
  void on_end() override { input_ended_ = true; }
  void on_acknowledged(std::size_t /*bytes*/) override {}
  void on_failure(StreamError error) override;

  // ExchangeClient: of these, only two come where nothing is asked by HTTP.
  void on_exchange_failed(unsigned status) override;
  void on_tunnel(const ResponseHead* head) override;
  void on_backend_progress() override {}
  void on_interim_response(const ResponseHead& /*head*/) override {}
  void on_response(const ResponseHead& /*head*/) override {}
  void on_response_body(ByteChain /*data*/) override {}
  void on_response_end() override {}
  void on_response_broken() override {}

  // TunnelOwner
  void on_tunnel_end(TunnelEnd how) override;

 private:
  void on_timer(Instant now) override;
  void find_server();
  void log(const ClientNote& note) const;
  void end();

  ProxyCore& core_;
  FrontendCounters& counters_;
  Stream* stream_ = nullptr;  // null once it has ended, or the tunnel has it
  Exchange exchange_;
  std::optional<Tunnel> tunnel_;
  ByteChain input_;                          // received before there was a tunnel
  std::unique_ptr<ClientNote> access_note_;  // null: nothing is logged
  EndCause cause_;
  FrontendId frontend_;
  bool secure_;
  bool handshaking_;
  bool starting_ = false;  // start() is on the stack: the stream is not ours yet
  bool input_ended_ = false;
  bool ended_ = false;
};

}  // namespace sluice::http
