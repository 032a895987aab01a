#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dataplane/buffer/byte_chain.h"
#include "tls/handshake/mbuf_bio.h"
#include "tls/openssl_types.h"
#include "tls/record/buffer_reserve.h"

namespace sluice::tls::testing {

struct ClientOptions {
  int version = 0;                     ///< TLS1_2_VERSION, TLS1_3_VERSION, or 0 for any
  std::string server_name = {};        ///< SNI; empty: none
  std::vector<std::string> alpn = {};  ///< empty: none offered
  std::string authority = {};      ///< PEM: what must have signed the server; empty: anything goes
  SSL_SESSION* session = nullptr;  ///< to resume
  int max_fragment = 0;            ///< TLSEXT_max_fragment_length_..., 0: none
  std::string certificate = {};    ///< its own with the key, PEM; empty: none
  std::string signatures = {};     ///< OpenSSL's list of what it can verify; empty: the default
  std::string ciphers = {};        ///< for TLS 1.2; empty: the default
  std::string ciphersuites = {};   ///< for TLS 1.3; empty: OpenSSL's
  std::string groups = {};         ///< empty: the default
};

/// OpenSSL as the client, over chains of packet buffers, for tests of the server's side.
class Client {
 public:
  Client(PacketPool& pool, const ClientOptions& options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Begins the handshake.
  void start() { advance(); }
  /// Takes bytes from the server and does all that they allow.
  void receive(ByteChain bytes);
  /// What there is to send to the server.
  [[nodiscard]] ByteChain take_output() { return transport_.take_output(); }

  /// Sends plaintext, after the handshake. False when OpenSSL refuses.
  bool send(std::string_view plaintext);
  bool send_close_notify();

  [[nodiscard]] bool open() const { return open_; }
  /// The server's close_notify has come.
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] bool failed() const { return !error_.empty(); }
  /// OpenSSL's reason; an alert's name when the server sent one.
  [[nodiscard]] const std::string& error() const { return error_; }
  /// All plaintext received.
  [[nodiscard]] const std::string& received() const { return received_; }

  [[nodiscard]] SSL* ssl() const { return ssl_.get(); }
  [[nodiscard]] std::string_view negotiated_protocol() const;
  /// The DNS names of the certificate that the server has shown.
  [[nodiscard]] std::vector<std::string> server_names() const;
  /// The latest session that can be resumed, or null.
  [[nodiscard]] OpenSslPointer<SSL_SESSION> take_session() { return std::move(session_); }

 private:
  static int keep_session(SSL* ssl, SSL_SESSION* session);
  void advance();
  /// False when nothing more can be read for now.
  bool read();
  /// True when OpenSSL only waits for bytes; notes an error otherwise.
  bool wants_bytes(int result);

  BufferReserve reserve_;
  MbufBio transport_;
  OpenSslPointer<SSL_CTX> context_;
  OpenSslPointer<SSL> ssl_;
  OpenSslPointer<SSL_SESSION> session_;
  std::string received_;
  std::string error_;
  bool open_ = false;
  bool ended_ = false;
};

}  // namespace sluice::tls::testing
