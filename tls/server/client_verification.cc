#include "tls/server/client_verification.h"

#include <openssl/err.h>
#include <openssl/sha.h>

#include <span>
#include <stdexcept>

#include "tls/certificate/pem_file.h"

namespace sluice::tls {
namespace {

void set_up(bool done) {
  if (!done) {
    throw std::runtime_error("OpenSSL cannot be set up to verify clients: " + take_openssl_error());
  }
}

ClientVerification::Tag tag_of(ClientAuth demand, const std::vector<Der>& authorities,
                               const std::vector<Der>& revocations) {
  std::vector<unsigned char> all = {static_cast<unsigned char>(demand)};
  for (const auto* list : {&authorities, &revocations}) {
    for (const Der& der : *list) all.insert(all.end(), der.begin(), der.end());
  }
  ClientVerification::Tag tag;
  SHA256(all.data(), all.size(), tag.data());
  return tag;
}

}  // namespace

ClientVerification::ClientVerification(ClientAuth demand, const std::filesystem::path& authorities,
                                       const std::filesystem::path& revocations)
    : demand_(demand) {
  for (const auto& certificate : read_pem_file(authorities).certificates) {
    authorities_.push_back(der_of(certificate.get()));
  }
  if (authorities_.empty()) {
    throw std::runtime_error(authorities.string() + ": no certificate in PEM form in it");
  }
  if (!revocations.empty()) {
    for (const auto& list : read_pem_file(revocations).revocations) {
      revocations_.push_back(der_of(list.get()));
    }
    if (revocations_.empty()) {
      throw std::runtime_error(revocations.string() +
                               ": no list of revoked certificates (X509 CRL) in PEM form in it");
    }
  }
  tag_ = tag_of(demand_, authorities_, revocations_);
}

void ClientVerification::apply(SSL_CTX* context) const {
  ERR_clear_error();
  X509_STORE* store = SSL_CTX_get_cert_store(context);
  for (const Der& der : authorities_) {
    const unsigned char* at = der.data();
    const OpenSslPointer<X509> authority(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    set_up(authority && X509_STORE_add_cert(store, authority.get()) == 1 &&
           SSL_CTX_add_client_CA(context, authority.get()) == 1);
  }
  for (const Der& der : revocations_) {
    const unsigned char* at = der.data();
    const OpenSslPointer<X509_CRL> list(d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
    set_up(list && X509_STORE_add_crl(store, list.get()) == 1);
  }
  // An authority in the file is trusted whoever has signed it.
  unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
  if (!revocations_.empty()) flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
  set_up(X509_STORE_set_flags(store, flags) == 1);
  const int demand = demand_ == ClientAuth::kRequired ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | demand, nullptr);
}

}  // namespace sluice::tls
