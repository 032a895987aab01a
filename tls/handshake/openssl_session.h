#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "dataplane/base/undumped_memory.h"
#include "dataplane/buffer/byte_chain.h"
#include "tls/failure.h"
#include "tls/handshake/connection_notes.h"
#include "tls/handshake/handshake_queue.h"
#include "tls/handshake/mbuf_bio.h"
#include "tls/openssl_types.h"
#include "tls/record/record_header.h"
#include "tls/record/suite.h"
#include "tls/record/traffic_keys.h"

namespace sluice::tls {

enum class Role : std::uint8_t { kServer, kClient };

/// What a step, such as reading a record, came to.
enum class Outcome : std::uint8_t { kDone, kEnd, kFailed, kNoMemory };

/// OpenSSL's part in a connection: the handshake, and after it the records, unless others take
/// them over. An SSL object over packet buffers, which holds tens of kilobytes.
class OpenSslSession : public undumped::Object {
 public:
  OpenSslSession(std::shared_ptr<SSL_CTX> context, Role role, BufferReserve& reserve)
      : context_(std::move(context)), transport_(reserve), role_(role) {}
  ~OpenSslSession() { release(); }
  OpenSslSession(const OpenSslSession&) = delete;
  OpenSslSession& operator=(const OpenSslSession&) = delete;

  /// Makes the SSL object, which the steps need; nothing when it is there. False when there is no
  /// memory.
  [[nodiscard]] bool start();
  /// Null before start() and after release().
  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }
  /// When the first byte came, or was to be sent.
  void begin_at(Instant now) { begun_at_ = now; }
  [[nodiscard]] Instant begun_at() const { return begun_at_; }
  /// Among the handshakes of clients that wait.
  [[nodiscard]] HandshakePlace& place() { return place_; }

  // What comes and goes below.

  void receive(ByteChain bytes) { transport_.receive(std::move(bytes)); }
  [[nodiscard]] bool offer_record() { return transport_.offer_record(); }
  /// The record that was offered has been read whole.
  [[nodiscard]] bool record_read() const { return transport_.record_read(); }
  [[nodiscard]] std::size_t unread() const { return transport_.unread(); }
  void drop_input() { transport_.drop_input(); }
  [[nodiscard]] ByteChain take_input() { return transport_.take_input(); }
  [[nodiscard]] ByteChain take_output() { return transport_.take_output(); }

  // Steps. After kFailed, take_failure() tells why; it must be asked before the next step.

  /// Goes on with the handshake as far as what was offered allows; see complete().
  [[nodiscard]] Outcome shake_hands();
  /// The handshake is done.
  [[nodiscard]] bool complete() const { return complete_; }
  /// Reads plaintext of the record that was offered; of size zero when there is none left.
  [[nodiscard]] Outcome read(std::span<std::uint8_t> room, std::size_t& size);
  [[nodiscard]] Outcome write(std::span<const std::uint8_t> plaintext);
  [[nodiscard]] Outcome write_close_notify();
  [[nodiscard]] Failure take_failure();

  // From complete() until release(): what was agreed on.

  [[nodiscard]] std::string_view protocol() const;
  [[nodiscard]] std::string_view cipher() const;
  [[nodiscard]] std::string_view group() const;
  [[nodiscard]] std::string_view requested_name() const;
  [[nodiscard]] bool resumed() const;
  /// The most plaintext that the peer wants in a record (RFC 6066 section 4).
  [[nodiscard]] std::size_t max_plaintext() const;

  [[nodiscard]] OpenSslPointer<SSL_SESSION> take_session() { return std::move(notes_.session); }
  [[nodiscard]] bool has_session() const { return notes_.session != nullptr; }

  // For whoever takes the records over.

  /// How records are protected, if it is in a way that can be taken over between two records.
  [[nodiscard]] std::optional<Suite> suite() const;
  /// As a client: a session is wanted, and may still come in a record of its own, which only
  /// OpenSSL can read.
  [[nodiscard]] bool expects_session() const;
  /// The keys as they are now, for what suite() says.
  void copy_keys(Suite suite, TrafficKeys& receiving, TrafficKeys& sending) const;
  /// Frees what the handshake needed. Only the session remains to be asked for.
  void release();

 private:
  void copy_tls12_keys(Suite suite, TrafficKeys& client, TrafficKeys& server) const;

  std::shared_ptr<SSL_CTX> context_;
  MbufBio transport_;
  HandshakePlace place_;
  Instant begun_at_{};
  ConnectionNotes notes_;
  OpenSslPointer<SSL> ssl_;
  Role role_;
  bool complete_ = false;
  bool too_long_ = false;
};

}  // namespace sluice::tls
