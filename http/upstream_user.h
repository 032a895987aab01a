#pragma once

#include <cstdint>

#include "dataplane/buffer/byte_chain.h"
#include "http/response_head.h"

namespace sluice::http {

/// Why a backend's connection gave no response, or only a part of one.
enum class UpstreamFailure : std::uint8_t {
  kConnect,  ///< refused or unreachable: nothing of the request was seen
  kConnectTimeout,
  kHandshake,    ///< TLS: no agreement, not trusted, or broken off; the request was not read
  kEndedEarly,   ///< closed or reset before the first byte of a response
  kBadResponse,  ///< a head or body that breaks the protocol
  kTimeout,      ///< no head, or no more of the body, in time
  kBrokeOff,     ///< closed or reset within a response
  kNoBuffers,    ///< our own pool ran dry
};

/// Who has a backend's connection at present: an exchange. It may abandon the connection in any of
/// these calls; after on_upstream_end() and on_upstream_failure() it has none.
class UpstreamUser {
 public:
  /// The connection is open: bodies may be sent now. Not called for one that was open already.
  virtual void on_upstream_open() = 0;
  /// The server has acknowledged some of what was sent.
  virtual void on_upstream_acknowledged() = 0;
  /// A 1xx response, but never 101.
  virtual void on_upstream_interim(const ResponseHead& head) = 0;
  /// 101: the server speaks what was asked for from here on. To be taken with
  /// UpstreamConnection::hand_over(), or abandoned.
  virtual void on_upstream_switch(const ResponseHead& head) = 0;
  virtual void on_upstream_head(const ResponseHead& head) = 0;
  /// Part of the body, without its framing. UpstreamConnection::release() gives it back.
  virtual void on_upstream_body(ByteChain data) = 0;
  /// The response is complete.
  virtual void on_upstream_end() = 0;
  virtual void on_upstream_failure(UpstreamFailure failure) = 0;

 protected:
  ~UpstreamUser() = default;
};

}  // namespace sluice::http
