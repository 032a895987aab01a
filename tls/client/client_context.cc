#include "tls/client/client_context.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>
#include <new>
#include <optional>
#include <span>
#include <stdexcept>
#include <string_view>

#include "dataplane/wire/ip_address.h"
#include "tls/certificate/pem_file.h"
#include "tls/client/client_library.h"
#include "tls/client/key_share_reuse.h"
#include "tls/client/verified_leaves.h"
#include "tls/handshake/alpn.h"
#include "tls/handshake/connection_notes.h"
#include "tls/handshake/context_basics.h"
#include "tls/handshake/key_log_ring.h"

namespace sluice::tls {

struct ClientContext::State {
  explicit State(const ClientSettings& settings);

  std::optional<ClientLibrary> library;  // outlives what follows
  std::optional<KeyShareReuse> key_shares;
  OpenSslPointer<SSL_CTX> context;
  Verification verification = Verification::kAuthority;
  bool remember_verified = false;
  VerifiedLeaves verified;
  // Part of what a session is bound to: an unguessable name of this context.
  std::array<unsigned char, 16> tag{};

  int verify(X509_STORE_CTX* store);
};

namespace {

void set_up(bool done, const std::string& what) {
  if (!done) throw std::runtime_error(what + ": " + take_openssl_error());
}

// A key share is sent for the first group, and X25519 is the one whose keys are reused.
void check_key_share_groups(std::string_view groups) {
  const std::string_view first = groups.substr(0, groups.find(':'));
  if (first == "X25519" || first == "x25519") return;
  throw std::runtime_error("to reuse key shares, the groups must begin with X25519, not \"" +
                           std::string(groups) + '"');
}

// Ciphers that the operator has chosen may need anything.
ClientLibrary::Extent library_for(const ClientSettings& settings) {
  return settings.ciphers.empty() ? ClientLibrary::Extent::kHandshakes
                                  : ClientLibrary::Extent::kWhole;
}

void set_protocol(SSL_CTX* context, const ClientSettings& settings) {
  if (settings.min_version > settings.max_version) {
    throw std::runtime_error("the lowest TLS version is above the highest");
  }
  const std::string ciphers = settings.ciphers.empty() ? kTls12Ciphers : settings.ciphers;
  const std::string suites = settings.ciphersuites.empty() ? kTls13Ciphers : settings.ciphersuites;
  set_up(SSL_CTX_set_min_proto_version(context, static_cast<int>(settings.min_version)) == 1 &&
             SSL_CTX_set_max_proto_version(context, static_cast<int>(settings.max_version)) == 1,
         "TLS versions");
  set_up(SSL_CTX_set_cipher_list(context, ciphers.c_str()) == 1, "ciphers \"" + ciphers + '"');
  set_up(SSL_CTX_set_ciphersuites(context, suites.c_str()) == 1, "ciphersuites \"" + suites + '"');
  set_up(SSL_CTX_set1_groups_list(context, settings.groups.c_str()) == 1,
         "groups \"" + settings.groups + '"');
  const std::vector<unsigned char> alpn = encode_alpn(settings.alpn);
  if (alpn.empty()) return;
  // Unlike its kin, this one answers 0 when all is well.
  set_up(SSL_CTX_set_alpn_protos(context, alpn.data(), static_cast<unsigned>(alpn.size())) == 0,
         "ALPN");
}

void set_sessions(SSL_CTX* context, bool wanted) {
  if (!wanted) {
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
    return;
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, ConnectionNotes::note_session);
}

void trust(SSL_CTX* context, const std::filesystem::path& path) {
  if (path.empty()) {
    throw std::runtime_error("verifying servers takes a file with the authorities to trust");
  }
  const PemFile file = read_pem_file(path);
  if (file.certificates.empty()) {
    throw std::runtime_error(path.string() + ": no certificate in PEM form in it");
  }
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const auto& authority : file.certificates) {
    set_up(X509_STORE_add_cert(store, authority.get()) == 1, path.string());
  }
  X509_VERIFY_PARAM_set_hostflags(SSL_CTX_get0_param(context),
                                  X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
}

// The name or address that the certificate must be for, as the SSL was told; empty for none.
std::string expected_name(X509_VERIFY_PARAM* parameters) {
  if (const char* host = X509_VERIFY_PARAM_get0_host(parameters, 0)) return host;
  char* address = X509_VERIFY_PARAM_get1_ip_asc(parameters);
  std::string name = address == nullptr ? "" : address;
  OPENSSL_free(address);
  return name;
}

bool set_expected_name(SSL* ssl, const std::string& name, bool is_address) {
  X509_VERIFY_PARAM* parameters = SSL_get0_param(ssl);
  return is_address ? X509_VERIFY_PARAM_set1_ip_asc(parameters, name.c_str()) == 1
                    : X509_VERIFY_PARAM_set1_host(parameters, name.data(), name.size()) == 1;
}

// What a session is bound to: OpenSSL keeps it with each that this connection leads to.
std::array<unsigned char, SHA256_DIGEST_LENGTH> session_binding(std::span<const unsigned char> tag,
                                                                const std::string& verified_name) {
  std::array<unsigned char, 16 + 255> text{};
  const std::size_t size = std::min<std::size_t>(verified_name.size(), 255);
  std::memcpy(text.data(), tag.data(), 16);
  std::memcpy(text.data() + 16, verified_name.data(), size);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest;
  SHA256(text.data(), 16 + size, digest.data());
  return digest;
}

bool bound_to(const SSL_SESSION* session, std::span<const unsigned char> binding) {
  unsigned size = 0;
  const unsigned char* bytes = SSL_SESSION_get0_id_context(session, &size);
  return size == binding.size() && std::memcmp(bytes, binding.data(), size) == 0;
}

}  // namespace

ClientContext::State::State(const ClientSettings& settings) {
  const bool reuses = settings.key_share_reuse > 0;
  if (settings.own_library || reuses) library.emplace(library_for(settings));
  if (reuses) {
    check_key_share_groups(settings.groups);
    key_shares.emplace(*library, KeyShareReuse::Bounds{settings.key_share_reuse});
  }
  context = make_context(TLS_client_method(), library ? library->context() : nullptr);
}

// Runs in every handshake in which the server shows a certificate.
int ClientContext::State::verify(X509_STORE_CTX* store) {
  X509_STORE_CTX_set_error(store, X509_V_OK);
  if (verification == Verification::kNone) return 1;
  const std::string name = expected_name(X509_STORE_CTX_get0_param(store));
  if (name.empty()) {
    X509_STORE_CTX_set_error(store, X509_V_ERR_HOSTNAME_MISMATCH);
    return 0;
  }
  const X509* leaf = X509_STORE_CTX_get0_cert(store);
  const std::time_t now = std::time(nullptr);
  if (remember_verified && verified.contains(leaf, name, now)) return 1;
  const int result = X509_verify_cert(store);
  if (result == 1 && remember_verified) verified.add(leaf, name, now);
  return result;
}

ClientContext::ClientContext(const ClientSettings& settings)
    : state_(std::make_shared<State>(settings)) {
  state_->verification = settings.verification;
  state_->remember_verified = settings.remember_verified;
  SSL_CTX* context = state_->context.get();
  set_up(RAND_bytes(state_->tag.data(), static_cast<int>(state_->tag.size())) == 1, "random bytes");
  set_protocol(context, settings);
  set_sessions(context, settings.sessions);
  const bool verifies = settings.verification == Verification::kAuthority;
  if (verifies) trust(context, settings.authorities);
  if (settings.certificate) use_certificate(context, load_certificate(*settings.certificate));
  if (settings.key_log != nullptr) log_keys(context, *settings.key_log);

  SSL_CTX_set_verify(context, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  int (*const verify)(X509_STORE_CTX*, void*) = [](X509_STORE_CTX* store, void* state) {
    try {
      return static_cast<State*>(state)->verify(store);
    } catch (const std::bad_alloc&) {  // OpenSSL must not see it
      X509_STORE_CTX_set_error(store, X509_V_ERR_OUT_OF_MEM);
      return 0;
    }
  };
  SSL_CTX_set_cert_verify_callback(context, verify, state_.get());
}

ClientContext::~ClientContext() = default;

std::shared_ptr<SSL_CTX> ClientContext::context() const {
  return {state_, state_->context.get()};
}

bool ClientContext::prepare(SSL* ssl, const std::string& server_name, SSL_SESSION* session) const {
  const bool verifies = state_->verification == Verification::kAuthority;
  // Addresses are not allowed in SNI (RFC 6066 section 3).
  const bool is_address = wire::IpAddress::parse(server_name).has_value();
  const bool named = !server_name.empty();
  if (server_name.size() > 255) return false;
  if (named && !is_address && SSL_set_tlsext_host_name(ssl, server_name.c_str()) != 1) return false;
  if (named && verifies && !set_expected_name(ssl, server_name, is_address)) return false;

  const auto binding = session_binding(state_->tag, verifies ? server_name : std::string());
  if (SSL_set_session_id_context(ssl, binding.data(), binding.size()) != 1) return false;
  const bool useful =
      session != nullptr && SSL_SESSION_is_resumable(session) == 1 && bound_to(session, binding);
  return !useful || SSL_set_session(ssl, session) == 1;
}

}  // namespace sluice::tls
