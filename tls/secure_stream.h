#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "dataplane/base/graveyard.h"
#include "dataplane/buffer/byte_chain.h"
#include "dataplane/stream.h"
#include "tls/control_budget.h"
#include "tls/environment.h"
#include "tls/flow_accounting.h"
#include "tls/mbuf_bio.h"
#include "tls/openssl_types.h"
#include "tls/server_identity.h"

namespace sluice::tls {

/// The server's side of TLS 1.2 or 1.3 over another stream. To the layer above it is a Stream, to
/// the one below a StreamHandler. It owns itself: it is buried when it has let go of the stream
/// below, which it does at once in close() and abort(), unless buffers ran out for what is queued:
/// then a few of a worker's streams linger after close(), and the others are aborted.
///
/// on_open() is called when the handshake is done, on_end() after the peer's close_notify (what
/// comes behind it is ignored). on_failure() tells of a FIN without close_notify (kTruncated), of a
/// failed handshake, a fatal alert, a record that is not authentic or against the protocol
/// (kProtocol; the peer is sent the alert that OpenSSL made, if any), and of buffers that ran out
/// (kNoMemory). A failure that is found in send() or finish() is told when the worker clears its
/// graveyard, never from inside those calls.
///
/// A peer cannot renegotiate, and cannot send more than a few records in a row that carry no data
/// (key updates, warnings, empty ones). close() before on_open() drops what was queued. How long a
/// handshake may take is for the handler to decide: it calls abort().
class SecureStream final : public Stream, public StreamHandler, public Mortal {
 public:
  ~SecureStream() override;

  // To the layer above.
  void set_handler(StreamHandler& handler) override;
  void send(ByteChain data) override;
  void finish() override;
  void consume(std::size_t bytes) override;
  void close() override;
  void abort() override;
  [[nodiscard]] std::size_t unacknowledged() const override;
  [[nodiscard]] wire::Endpoint local() const override;
  [[nodiscard]] wire::Endpoint remote() const override;

  /// The application protocol agreed on by ALPN, or "" for none; from on_open() on.
  [[nodiscard]] std::string_view negotiated_protocol() const;

  // From the stream below.
  void on_data(ByteChain data) override;
  void on_end() override;
  void on_acknowledged(std::size_t bytes) override;
  void on_failure(StreamError error) override;

 private:
  friend SecureStream* accept(Stream&, const ServerIdentity&, StreamHandler&, Environment&);

  enum class Phase : std::uint8_t { kWaiting, kHandshake, kOpen };
  /// What reading a record came to.
  enum class Outcome : std::uint8_t { kRead, kEnd, kFailed, kNoMemory };

  SecureStream(Stream& lower, const ServerIdentity& identity, StreamHandler& handler,
               Environment& environment);

  bool start_handshake();
  void continue_handshake();
  void opened();

  void read_records();
  Outcome read_record(ByteChain& plaintext, Packet& buffer);
  [[nodiscard]] bool too_many_control_records(std::size_t plaintext);
  void deliver(ByteChain plaintext);
  /// Whether received records are still of interest to anybody.
  [[nodiscard]] bool receiving() const;

  void write_queued();
  bool write_record();
  bool write_close_notify();
  bool reserve_buffers(std::size_t plaintext);
  void flush();
  void open_window();

  void fail(Outcome outcome);
  void fail_with(StreamError error);
  void fail_later(StreamError error);
  void count_protocol_failure();
  void linger();
  void let_go_of_lower();

  Stream* lower_;           // null once let go
  StreamHandler* handler_;  // null once it has let go
  Environment& environment_;
  std::shared_ptr<SSL_CTX> context_;
  MbufBio transport_;
  OpenSslPointer<SSL> ssl_;  // null until the client's first byte
  ByteChain queued_;         // plaintext that waits for the handshake or for buffers
  ReceiveCredit credit_;
  AcknowledgedPlaintext sent_;
  ControlBudget control_;
  Phase phase_ = Phase::kWaiting;
  bool peer_ended_ = false;  // close_notify has come
  bool finishing_ = false;   // our end is due behind what is queued
  bool finished_ = false;    // our close_notify is written
  bool lingering_ = false;
  std::optional<StreamError> untold_;  // a failure the handler does not know of
};

/// Starts TLS as the server over `lower`, whose handler the stream becomes. Events go to `handler`,
/// beginning with on_open(); nothing is called before this returns. An Acceptor returns the stream
/// as the handler of what it accepts. Returns nullptr, and has not touched `lower`, when there is
/// no memory. The identity need not outlive the call.
SecureStream* accept(Stream& lower, const ServerIdentity& identity, StreamHandler& handler,
                     Environment& environment);

}  // namespace sluice::tls
