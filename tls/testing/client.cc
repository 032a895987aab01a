#include "tls/testing/client.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <stdexcept>

#include "tls/handshake/alpn.h"

namespace sluice::tls::testing {
namespace {

void check(bool done) {
  if (!done) throw std::runtime_error("TLS client: " + take_openssl_error());
}

void trust(SSL_CTX* context, const std::string& pem) {
  const OpenSslPointer<BIO> source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const OpenSslPointer<X509> authority(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
  check(authority != nullptr);
  check(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), authority.get()) == 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
}

void show(SSL* ssl, const std::string& pem) {
  const OpenSslPointer<BIO> source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const OpenSslPointer<X509> certificate(
      PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
  const OpenSslPointer<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(source.get(), nullptr, nullptr, nullptr));
  check(SSL_use_cert_and_key(ssl, certificate.get(), key.get(), nullptr, 1) == 1);
}

void offer(SSL* ssl, const ClientOptions& options) {
  if (!options.signatures.empty()) {
    check(SSL_set1_sigalgs_list(ssl, options.signatures.c_str()) == 1);
  }
  if (!options.ciphers.empty()) check(SSL_set_cipher_list(ssl, options.ciphers.c_str()) == 1);
  if (!options.ciphersuites.empty()) {
    check(SSL_set_ciphersuites(ssl, options.ciphersuites.c_str()) == 1);
  }
  if (!options.groups.empty()) check(SSL_set1_groups_list(ssl, options.groups.c_str()) == 1);
}

}  // namespace

Client::Client(PacketPool& pool, const ClientOptions& options)
    : reserve_(pool), transport_(reserve_), context_(SSL_CTX_new(TLS_client_method())) {
  check(context_ != nullptr);
  if (!options.authority.empty()) trust(context_.get(), options.authority);
  SSL_CTX_set_session_cache_mode(context_.get(),
                                 SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_.get(), keep_session);
  ssl_.reset(SSL_new(context_.get()));
  OpenSslPointer<BIO> bio = transport_.make_bio();
  check(ssl_ && bio);
  BIO* both = bio.release();
  SSL_set_bio(ssl_.get(), both, both);
  SSL_set_app_data(ssl_.get(), this);
  SSL_set_connect_state(ssl_.get());
  if (options.version != 0) {
    SSL_set_min_proto_version(ssl_.get(), options.version);
    SSL_set_max_proto_version(ssl_.get(), options.version);
  }
  offer(ssl_.get(), options);
  if (!options.certificate.empty()) show(ssl_.get(), options.certificate);
  if (!options.server_name.empty()) {
    SSL_set_tlsext_host_name(ssl_.get(), options.server_name.c_str());
  }
  if (options.max_fragment != 0) {
    SSL_set_tlsext_max_fragment_length(ssl_.get(),
                                       static_cast<unsigned char>(options.max_fragment));
  }
  const std::vector<unsigned char> alpn = encode_alpn(options.alpn);
  if (!alpn.empty()) {
    SSL_set_alpn_protos(ssl_.get(), alpn.data(), static_cast<unsigned>(alpn.size()));
  }
  if (options.session != nullptr) check(SSL_set_session(ssl_.get(), options.session) == 1);
}

// OpenSSL spoils the session of a connection that ends without close_notify.
Client::~Client() {
  SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

int Client::keep_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<Client*>(SSL_get_app_data(ssl))->session_.reset(session);
  return 1;
}

void Client::receive(ByteChain bytes) {
  transport_.receive(std::move(bytes));
  while (!failed() && !ended_ && transport_.offer_record()) advance();
}

void Client::advance() {
  if (!open_) {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    open_ = result == 1;
    if (!open_) (void)wants_bytes(result);
    return;
  }
  while (read()) {
  }
}

bool Client::read() {
  std::array<char, 4096> buffer;
  std::size_t size = 0;
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &size);
  if (result == 1) {
    received_.append(buffer.data(), size);
    return true;
  }
  if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN) {
    ended_ = true;
  } else {
    (void)wants_bytes(result);
  }
  return false;
}

bool Client::wants_bytes(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return true;
  error_ = take_openssl_error();
  return false;
}

bool Client::send(std::string_view plaintext) {
  std::size_t done = 0;
  ERR_clear_error();
  return SSL_write_ex(ssl_.get(), plaintext.data(), plaintext.size(), &done) == 1;
}

bool Client::send_close_notify() {
  ERR_clear_error();
  return SSL_shutdown(ssl_.get()) >= 0;
}

std::string_view Client::negotiated_protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::vector<std::string> Client::server_names() const {
  std::vector<std::string> names;
  const OpenSslPointer<X509> certificate(SSL_get1_peer_certificate(ssl_.get()));
  if (!certificate) return names;
  const OpenSslPointer<GENERAL_NAMES> alternatives(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; alternatives && i < sk_GENERAL_NAME_num(alternatives.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(alternatives.get(), i);
    if (name->type != GEN_DNS) continue;
    names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  return names;
}

}  // namespace sluice::tls::testing
