#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <utility>

#include "dataplane/base/graveyard.h"
#include "dataplane/buffer/byte_chain.h"
#include "dataplane/stream.h"
#include "tls/client/client_context.h"
#include "tls/control_budget.h"
#include "tls/environment.h"
#include "tls/failure.h"
#include "tls/flow_accounting.h"
#include "tls/handshake/openssl_session.h"
#include "tls/in_flight.h"
#include "tls/openssl_types.h"
#include "tls/record/suite.h"
#include "tls/record/traffic_keys.h"
#include "tls/record_size.h"
#include "tls/server/peer_identity.h"
#include "tls/server/server_identity.h"

namespace sluice::tls {

struct ConnectOptions;

/// One side of TLS 1.2 or 1.3 over another stream: the server's from accept(), the client's from
/// connect(). To the layer above it is a Stream, to the one below a StreamHandler. It owns itself:
/// it is buried when it has let go of the stream below, which it does at once in close() and
/// abort(), unless buffers ran out for what is queued: then a few of a worker's streams linger
/// after close(), and the others are aborted.
///
/// on_open() is called when the handshake is done, on_end() after the peer's close_notify (what
/// comes behind it is ignored). on_failure() tells of a FIN without close_notify (kTruncated), of a
/// failed handshake, a fatal alert, a record that is not authentic or against the protocol
/// (kProtocol; the peer is sent the alert that OpenSSL made, if any, and failure() tells more), of
/// buffers that ran out (kNoMemory), and of whatever the stream below fails with. A failure that is
/// found in send(), finish() or connect() is told when the worker clears its graveyard, never from
/// inside those calls.
///
/// OpenSSL makes the handshake. Then its SSL object is freed and records are protected here, unless
/// EnvironmentOptions::record_layer or the cipher suite says otherwise (a client that wants
/// sessions does so when it has one, or data has come). With TLS 1.3 keys are replaced as the peer
/// asks for it, and before they have protected too many records.
///
/// A peer cannot renegotiate, and cannot send more than a few records in a row that carry no data
/// (key updates, warnings, tickets, empty ones). close() before on_open() drops what was queued.
/// How long a handshake may take is for the handler to decide: it calls abort().
class SecureStream final : public Stream, public StreamHandler, public Mortal {
 public:
  ~SecureStream() override;
  /// Gives its place in Environment::streams back.
  static void operator delete(SecureStream* stream, std::destroying_delete_t);

  /// For Environment::finish_pass(): seals what was sent since the last one.
  void seal_gathered();

  // To the layer above.
  void set_handler(StreamHandler& handler) override;
  void send(ByteChain data) override;
  void finish() override;
  void consume(std::size_t bytes) override;
  void close() override;
  void abort() override;
  [[nodiscard]] std::size_t unacknowledged() const override;
  [[nodiscard]] bool starves() const override;
  void widen() override;
  [[nodiscard]] wire::Endpoint local() const override;
  [[nodiscard]] wire::Endpoint remote() const override;

  // What was agreed on: to be asked while on_open() is called; "" before, and for what is not used.

  /// The application protocol (ALPN). Lives until on_open() returns.
  [[nodiscard]] std::string_view negotiated_protocol() const;
  /// "TLSv1.2" or "TLSv1.3"; also after on_open().
  [[nodiscard]] std::string_view negotiated_version() const;
  /// OpenSSL's name: "TLS_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256".
  [[nodiscard]] std::string_view negotiated_cipher() const;
  /// The key exchange's group: "x25519", "secp256r1".
  [[nodiscard]] std::string_view negotiated_group() const;
  /// As a server: the name that the client has asked for (SNI). Lives until on_open() returns.
  [[nodiscard]] std::string_view requested_name() const;
  /// The handshake was a short one, by a session of an earlier connection.
  [[nodiscard]] bool resumed() const;
  /// The handshake is done, and OpenSSL has no part in the connection any more.
  [[nodiscard]] bool protects_records() const { return own_records_; }

  /// As a server: who the client is by the certificate that it has shown, if it was asked for one.
  /// For the handler to ask in on_open(), once.
  [[nodiscard]] std::unique_ptr<PeerIdentity> take_peer_identity() const {
    return openssl_ ? tls::take_peer_identity(openssl_->ssl()) : nullptr;
  }

  /// As a client: the newest session the server has given that was not taken yet, or null. With
  /// TLS 1.2 it is there from on_open() on; with TLS 1.3 it comes at any time after that, most
  /// often just ahead of the first data. After a resumed handshake of TLS 1.2 there may be none:
  /// the session that was resumed is still good. The handler may ask in on_failure(), too.
  [[nodiscard]] OpenSslPointer<SSL_SESSION> take_session();

  /// Why TLS failed; for the handler to ask in on_failure().
  [[nodiscard]] Failure failure() const { return in_flight_ ? in_flight_->failure : Failure{}; }

  // From the stream below.
  void on_open() override;
  void on_data(ByteChain data) override;
  void on_end() override;
  void on_acknowledged(std::size_t bytes) override;
  void on_failure(StreamError error) override;

 private:
  friend SecureStream* accept(Stream&, const ServerIdentity&, StreamHandler&, Environment&);
  friend SecureStream* connect(Stream&, const ClientContext&, const ConnectOptions&, StreamHandler&,
                               Environment&);
  friend BlockPool<SecureStream>;

  enum class Phase : std::uint8_t { kWaiting, kHandshake, kOpen };

  SecureStream(Role role, Stream& lower, StreamHandler& handler, Environment& environment,
               std::unique_ptr<OpenSslSession> session);

  // Handshake (secure_stream.cc).
  Outcome begin_handshake();
  Outcome advance_handshake();
  void go_on_with_handshake();
  void take_turn();
  void refuse_handshake();
  void continue_handshake();
  void opened();
  void count_handshake();
  void take_over_records();
  void let_go_of_openssl();

  // Receiving (secure_stream_receiving.cc).
  void read_records(ByteChain data);
  Outcome read_with_openssl(ByteChain& plaintext);
  Outcome read_openssl_record(ByteChain& plaintext, Packet& buffer);
  Outcome read_own_records(ByteChain data, ByteChain& plaintext);
  Outcome open_next(ByteChain& received, ByteChain& plaintext);
  void deliver(ByteChain plaintext);
  /// Whether received records are still of interest to anybody.
  [[nodiscard]] bool receiving() const;
  void open_window();

  // Records of our own that carry no data (secure_stream_control.cc).
  [[nodiscard]] bool too_many_control_records();
  Outcome take_control_record(ContentType type, const ByteChain& plaintext);
  Outcome take_alert(const ByteChain& plaintext);
  Outcome take_handshake_messages(const ByteChain& plaintext);
  void update_receiving_keys();
  [[nodiscard]] bool update_sending_keys(bool ask_for_the_same);
  Outcome refuse(Alert alert);
  bool seal_alert(AlertLevel level, Alert alert);

  // Sending (secure_stream_sending.cc).
  bool gather(ByteChain& data);
  void write_queued(ByteChain more = {});
  bool write_all(ByteChain& plaintext);
  bool write_record(ByteChain& plaintext);
  Outcome write_with_openssl(const ByteChain& plaintext, std::size_t size);
  Outcome seal(const ByteChain& plaintext, std::size_t size);
  bool write_close_notify();
  void end_lower(bool ending);
  bool reserve_buffers(std::size_t plaintext);
  void flush();

  // Ending (secure_stream_ending.cc).
  void fail(Outcome outcome);
  void fail_with(StreamError error);
  void fail_later(Outcome outcome);
  void note_failure();
  StreamError examine(Outcome outcome);
  void linger();
  void let_go_of_lower();

  [[nodiscard]] Suite suite() const { return {.aead = aead_, .tls13 = tls13_}; }
  InFlight& in_flight();
  void forget_if_idle();

  // An idle connection is as large as this object: there may be a million of them.

  Stream* lower_;           // null once let go
  StreamHandler* handler_;  // null once it has let go
  Environment& environment_;
  std::unique_ptr<OpenSslSession> openssl_;  // null once nothing is wanted of it any more
  std::unique_ptr<InFlight> in_flight_;
  AcknowledgedPlaintext sent_;
  ReceiveCredit credit_;
  ControlBudget control_;
  RecordSize record_size_;
  TrafficKeys receiving_;
  TrafficKeys sending_;
  std::uint16_t max_plaintext_ = kMaxPlaintext;  // that the peer wants in a record
  Role role_ : 1;
  Phase phase_ : 2 = Phase::kWaiting;
  Aead aead_ : 2 = Aead::kAes128Gcm;
  bool tls13_ : 1 = false;
  bool own_records_ : 1 = false;  // OpenSSL's part is over
  bool peer_ended_ : 1 = false;   // close_notify has come
  bool finishing_ : 1 = false;    // our end is due behind what is queued
  bool finished_ : 1 = false;     // our close_notify is written, or a fatal alert
  bool lower_finished_ : 1 = false;
  bool lingering_ : 1 = false;
  bool end_waits_ : 1 = false;  // the stream below has ended, and the handshake waits for its turn
  bool gathering_ : 1 = false;  // in Environment::gathering
};
static_assert(sizeof(SecureStream) <= 296);

/// Starts TLS as the server over `lower`, whose handler the stream becomes. Events go to `handler`,
/// beginning with on_open(); nothing is called before this returns. An Acceptor returns the stream
/// as the handler of what it accepts. Returns nullptr, and has not touched `lower`, when there is
/// no memory. The identity need not outlive the call.
SecureStream* accept(Stream& lower, const ServerIdentity& identity, StreamHandler& handler,
                     Environment& environment);

/// Whom a client speaks to. Nothing of it need outlive the call of connect().
struct ConnectOptions {
  /// A DNS name or an IP address: see ClientContext::prepare().
  std::string server_name = {};
  /// To be resumed, from SecureStream::take_session() of a stream with the same context and name;
  /// null, or of no use any more: a full handshake. With TLS 1.2 it may be resumed often, with 1.3
  /// once, lest an observer link the connections (RFC 8446 appendix C.4).
  SSL_SESSION* session = nullptr;
  /// The stream below is open already; else its on_open() is waited for.
  bool lower_is_open = false;
};

/// Starts TLS as the client over `lower`, whose handler the stream becomes; a stream from
/// StreamNetwork::connect() may be handed over as it is. Events go to `handler`, beginning with
/// on_open(); nothing is called before this returns. Returns nullptr, and has not touched `lower`,
/// when there is no memory or the name cannot be one. The context need not outlive the stream.
SecureStream* connect(Stream& lower, const ClientContext& context, const ConnectOptions& options,
                      StreamHandler& handler, Environment& environment);

}  // namespace sluice::tls
