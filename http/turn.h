#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/buffer/byte_chain.h"
#include "http/access_log/request_note.h"
#include "http/body_decoder.h"
#include "http/exchange.h"
#include "http/forward_window.h"
#include "http/head_bytes.h"
#include "http/tunnel.h"

namespace sluice::http {

/// One request and its response on an HTTP/1.1 connection: what a session needs only while an
/// exchange is going on, so that an idle one stays small.
struct Turn {
  explicit Turn(ProxyCore& core) : exchange(core) {}

  Exchange exchange;
  HeadBytes head;                  ///< the request's, as received
  std::unique_ptr<Tunnel> tunnel;  ///< what the exchange has become
  BodyDecoder request_body;
  ByteChain waiting_body;        ///< decoded, and not yet handed to the exchange
  ForwardWindow request_window;  ///< of the client's connection
  RequestNote note;
  std::uint64_t body_bytes = 0;  ///< decoded so far
  std::uint64_t serial = 0;      ///< of the request in its worker
  Version version = Version::kHttp11;
  bool to_head = false;  ///< the method is HEAD
  bool client_keeps_alive = false;
  bool has_body = false;         ///< the request does
  bool body_complete = false;    ///< the whole request was read
  bool body_ended = false;       ///< and the exchange told so
  bool awaits_continue = false;  ///< the client sends no body before a 100
  bool responding = false;       ///< the response's head was sent
  bool response_chunked = false;
  bool close_after = false;  ///< the response was announced as the last one

  /// As new, except that memory is kept.
  void clear() {
    head.clear();
    tunnel.reset();
    waiting_body.clear();
    request_body = BodyDecoder();
    (void)request_window.release_all();
    note = {};
    exchange.forget();
    body_bytes = serial = 0;
    to_head = client_keeps_alive = has_body = body_complete = body_ended = false;
    awaits_continue = responding = response_chunked = close_after = false;
  }
};

}  // namespace sluice::http
