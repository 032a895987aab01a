#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/buffer/byte_chain.h"
#include "dataplane/wire/ip_address.h"

namespace sluice {

/// Why a stream ended other than by both sides finishing.
enum class StreamError : std::uint8_t {
  kRefused,      ///< the peer answered the connection request with a reset
  kUnreachable,  ///< no route, no neighbour, or an ICMP error while connecting
  kTimedOut,     ///< the peer stopped acknowledging, or never answered
  kReset,        ///< the peer reset an open connection
  kProtocol,     ///< the peer broke the protocol of this layer (TLS: an alert or a bad record)
  kTruncated,    ///< the layer below ended before this one did (TLS: FIN without close_notify)
  kNoMemory,     ///< buffers ran out
  kShutDown,     ///< an operator ended it
};

std::string_view to_string(StreamError error);

/// What the layer above a stream implements. A stream calls its handler from inside the worker's
/// loop; every call may use the stream in any way, close() and abort() included.
class StreamHandler {
 public:
  /// The stream is open: an active open was answered, or a TLS handshake has ended.
  virtual void on_open() {}

  /// Bytes in order. They are the handler's now. The sender is held to the bytes that were not
  /// given back through Stream::consume().
  virtual void on_data(ByteChain data) = 0;

  /// The peer has finished sending, and everything it sent was delivered. Sending still works.
  virtual void on_end() = 0;

  /// The peer has acknowledged this many of the bytes handed to Stream::send(). Over the life of a
  /// stream that closes well, the sum is exact.
  virtual void on_acknowledged(std::size_t bytes) = 0;

  /// The stream failed and no longer exists when this returns. Nothing is called after it.
  virtual void on_failure(StreamError error) = 0;

 protected:
  ~StreamHandler() = default;
};

/// A reliable, ordered stream of bytes in both directions: a TCP connection, or TLS over one.
///
/// A handler holds a Stream until it calls close() or abort(), or until on_failure() is called;
/// after that it must not touch it again, and is not called again. Nothing here blocks or throws.
class Stream {
 public:
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Hands over the calls that follow to another handler.
  virtual void set_handler(StreamHandler& handler) = 0;

  /// Queues bytes for sending; takes them over. They leave at the end of the worker's burst,
  /// together with what else is queued by then. There is no limit here: who forwards bytes limits
  /// itself by consuming its source only as on_acknowledged() tells it.
  virtual void send(ByteChain data) = 0;

  /// Sends an end (FIN, close_notify) behind what is queued. Receiving goes on.
  virtual void finish() = 0;

  /// Opens the receive window by `bytes` that on_data() delivered and that are done with.
  virtual void consume(std::size_t bytes) = 0;

  /// Finishes and lets go of the stream: what is queued is still delivered; bytes that the peer
  /// sends from now on are answered with a reset.
  virtual void close() = 0;

  /// Ends the stream at once; the peer sees a reset, never a clean end.
  virtual void abort() = 0;

  /// Bytes handed to send() and not yet acknowledged.
  [[nodiscard]] virtual std::size_t unacknowledged() const = 0;

  /// Less is queued than may leave within the next two round trips: less than the peer's window and
  /// the congestion window would allow.
  [[nodiscard]] virtual bool starves() const { return false; }
  /// Where what is received is forwarded to starves(). If it was the receive window that kept more
  /// from coming, it grows, as far as memory allows.
  virtual void widen() {}
  [[nodiscard]] virtual wire::Endpoint local() const = 0;
  [[nodiscard]] virtual wire::Endpoint remote() const = 0;

 protected:
  Stream() = default;
  ~Stream() = default;
};

/// Decides what becomes of an incoming stream.
class Acceptor {
 public:
  /// A peer has opened a stream to `listening`, the address it was listened on. Returns who handles
  /// it (usable at once; on_open() is not called), or nullptr to refuse it with a reset.
  virtual StreamHandler* on_accept(Stream& stream, const wire::Endpoint& listening) = 0;

 protected:
  ~Acceptor() = default;
};

/// Where streams come from: one worker's TCP, as the layers above see it.
class StreamNetwork {
 public:
  /// Accepts connections to an address; the unspecified address of a family stands for all own
  /// addresses of that family. False when somebody listens there already.
  virtual bool listen(const wire::Endpoint& local, Acceptor& acceptor) = 0;
  /// Refuses new connections to an address from now on; existing ones are not touched.
  virtual void stop_listening(const wire::Endpoint& local) = 0;

  /// Opens a stream: on_open() or on_failure() follows, never before this returns. Bytes may be
  /// queued at once. nullptr when there is no route, no free local port, or no room for another
  /// connection. How long to wait is the caller's business: abort() gives up.
  virtual Stream* connect(const wire::Endpoint& remote, StreamHandler& handler) = 0;

 protected:
  ~StreamNetwork() = default;
};

}  // namespace sluice
