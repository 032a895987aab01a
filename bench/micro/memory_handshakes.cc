#include "bench/micro/memory_handshakes.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>

#include "tls/handshake/context_basics.h"

namespace sluice::micro {
namespace {

constexpr int kRequestSize = 64;
constexpr int kResponseSize = 160;
// Of either side. TLS 1.2 takes two, and the client a third to see the end.
constexpr int kMostSteps = 4;
constexpr std::array<unsigned char, 9> kAlpn = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string(what) + ": " + tls::take_openssl_error());
}

std::chrono::nanoseconds cpu_time() {
  timespec time{};
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// As far as what has come allows.
void advance(SSL* ssl) {
  const int result = SSL_do_handshake(ssl);
  require(result == 1 || SSL_get_error(ssl, result) == SSL_ERROR_WANT_READ, "handshake");
}

void write(SSL* ssl, int size) {
  static constexpr std::array<char, std::max(kRequestSize, kResponseSize)> kMessage{};
  require(SSL_write(ssl, kMessage.data(), size) == size, "write");
}

// A client that waits for nothing finds the session tickets alone.
void read(SSL* ssl, int size) {
  std::array<char, 1024> message;
  const int got = SSL_read(ssl, message.data(), static_cast<int>(message.size()));
  require(size == 0 ? SSL_get_error(ssl, got) == SSL_ERROR_WANT_READ : got == size, "read");
}

int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* offer, unsigned offer_size, void* /*none*/) {
  unsigned char* chosen = nullptr;
  const int result =
      SSL_select_next_proto(&chosen, out_size, kAlpn.data(), kAlpn.size(), offer, offer_size);
  *out = chosen;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// It allows what `sluice serve` does.
tls::OpenSslPointer<SSL_CTX> make_server_context(const std::string& certificate) {
  tls::OpenSslPointer<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
  require(context != nullptr, "server");
  SSL_CTX* server = context.get();
  SSL_CTX_set_security_level(server, 2);
  SSL_CTX_set_options(server, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_mode(server, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
  SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(server, choose_protocol, nullptr);
  require(SSL_CTX_set_min_proto_version(server, TLS1_2_VERSION) == 1 &&
              SSL_CTX_set_cipher_list(server, tls::kTls12Ciphers) == 1 &&
              SSL_CTX_set_ciphersuites(server, tls::kTls13Ciphers) == 1 &&
              SSL_CTX_set1_groups_list(server, "X25519:P-256:P-384") == 1 &&
              SSL_CTX_set_num_tickets(server, 1) == 1 &&
              SSL_CTX_set_session_id_context(server, kAlpn.data(), kAlpn.size()) == 1 &&
              SSL_CTX_use_certificate_chain_file(server, certificate.c_str()) == 1 &&
              SSL_CTX_use_PrivateKey_file(server, certificate.c_str(), SSL_FILETYPE_PEM) == 1,
          "server");
  return context;
}

// It offers what `sluice load` does, but one version alone.
tls::OpenSslPointer<SSL_CTX> make_client_context(int version, bool sessions) {
  tls::OpenSslPointer<SSL_CTX> context(SSL_CTX_new(TLS_client_method()));
  require(context != nullptr, "client");
  require(SSL_CTX_set_min_proto_version(context.get(), version) == 1 &&
              SSL_CTX_set_max_proto_version(context.get(), version) == 1 &&
              SSL_CTX_set_cipher_list(context.get(), tls::kTls12Ciphers) == 1 &&
              SSL_CTX_set_ciphersuites(context.get(), tls::kTls13Ciphers) == 1 &&
              SSL_CTX_set1_groups_list(context.get(), "X25519:P-256") == 1 &&
              SSL_CTX_set_alpn_protos(context.get(), kAlpn.data(), kAlpn.size()) == 0,
          "client");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  if (!sessions) SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
  return context;
}

tls::OpenSslPointer<BIO> make_memory() {
  tls::OpenSslPointer<BIO> memory(BIO_new(BIO_s_mem()));
  require(memory != nullptr, "memory");
  (void)BIO_set_mem_eof_return(memory.get(), -1);  // empty is not the end
  return memory;
}

void use(SSL* ssl, BIO* from, BIO* to) {
  BIO_up_ref(from);
  BIO_up_ref(to);
  SSL_set_bio(ssl, from, to);
}

// An end without close_notify would spoil the session that is resumed.
void end(tls::OpenSslPointer<SSL>& ssl) {
  SSL_set_shutdown(ssl.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  ssl.reset();
}

}  // namespace

struct MemoryHandshakes::Connection {
  tls::OpenSslPointer<BIO> to_server;
  tls::OpenSslPointer<BIO> to_client;
  tls::OpenSslPointer<SSL> client;
  tls::OpenSslPointer<SSL> server;
};

MemoryHandshakes::MemoryHandshakes(const std::filesystem::path& certificate, const Options& options)
    : options_(options),
      server_(make_server_context(certificate)),
      client_(make_client_context(options.version, options.resumed)),
      connections_(options.batch) {
  if (options.resumed) keep_session();
}

MemoryHandshakes::~MemoryHandshakes() = default;

// A first handshake, a full one, for its session.
void MemoryHandshakes::keep_session() {
  Connection connection;
  make_client(connection);
  advance(connection.client.get());
  make_server(connection);
  for (int step = 0; step < kMostSteps; ++step) {
    advance(connection.server.get());
    advance(connection.client.get());
  }
  read(connection.client.get(), 0);
  session_.reset(SSL_get1_session(connection.client.get()));
  require(session_ != nullptr && SSL_SESSION_is_resumable(session_.get()) == 1, "session");
  end(connection.client);
  end(connection.server);
}

void MemoryHandshakes::make_client(Connection& connection) const {
  connection.to_server = make_memory();
  connection.to_client = make_memory();
  connection.client.reset(SSL_new(client_.get()));
  SSL* client = connection.client.get();
  require(client != nullptr, "client");
  use(client, connection.to_client.get(), connection.to_server.get());
  SSL_set_connect_state(client);
  if (session_) require(SSL_set_session(client, session_.get()) == 1, "session");
}

void MemoryHandshakes::make_server(Connection& connection) const {
  connection.server.reset(SSL_new(server_.get()));
  require(connection.server != nullptr, "server");
  use(connection.server.get(), connection.to_server.get(), connection.to_client.get());
  SSL_set_accept_state(connection.server.get());
}

template <typename Step>
std::chrono::nanoseconds MemoryHandshakes::timed(Step step) {
  const std::chrono::nanoseconds before = cpu_time();
  for (Connection& connection : connections_) step(connection);
  return cpu_time() - before;
}

std::chrono::nanoseconds MemoryHandshakes::run() {
  std::chrono::nanoseconds used{};
  timed([this](Connection& each) {
    make_client(each);
    advance(each.client.get());
  });
  used += timed([this](Connection& each) { make_server(each); });
  for (int step = 0; step < kMostSteps; ++step) {
    const auto open = [](const Connection& each) {
      return SSL_is_init_finished(each.server.get()) == 1;
    };
    if (std::ranges::all_of(connections_, open)) break;
    used += timed([](Connection& each) { advance(each.server.get()); });
    timed([](Connection& each) { advance(each.client.get()); });
  }
  if (options_.exchange) {
    timed([](Connection& each) { write(each.client.get(), kRequestSize); });
    used += timed([](Connection& each) {
      read(each.server.get(), kRequestSize);
      write(each.server.get(), kResponseSize);
    });
    timed([](Connection& each) { read(each.client.get(), kResponseSize); });
  }
  timed([this](Connection& each) {
    const bool both = SSL_is_init_finished(each.server.get()) == 1 &&
                      SSL_is_init_finished(each.client.get()) == 1;
    require(both && SSL_session_reused(each.server.get()) == (options_.resumed ? 1 : 0),
            "handshake of another kind than asked for");
    end(each.client);
  });
  used += timed([](Connection& each) { end(each.server); });
  return used;
}

}  // namespace sluice::micro
