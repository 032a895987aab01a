#include "tls/server/peer_identity.h"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>
#include <new>
#include <string_view>

namespace sluice::tls {
namespace {

std::string name_text(const X509_NAME* name) {
  const OpenSslPointer<BIO> text(BIO_new(BIO_s_mem()));
  if (!text || X509_NAME_print_ex(text.get(), name, 0, XN_FLAG_RFC2253) < 0) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string hexadecimal(const unsigned char* bytes, std::size_t size, std::string_view digits) {
  std::string text;
  text.reserve(2 * size);
  for (std::size_t i = 0; i < size; ++i) {
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

std::string digest_text(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return {};
  return hexadecimal(digest.data(), size, "0123456789abcdef");
}

}  // namespace

std::unique_ptr<PeerIdentity> take_peer_identity(const SSL* ssl) {
  const X509* certificate = SSL_get0_peer_certificate(ssl);
  const bool asked = SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE;
  if (certificate == nullptr || !asked || SSL_get_verify_result(ssl) != X509_V_OK) return nullptr;
  std::unique_ptr<PeerIdentity> peer(new (std::nothrow) PeerIdentity);
  if (peer == nullptr) return nullptr;
  const ASN1_INTEGER* serial = X509_get0_serialNumber(certificate);
  peer->subject = name_text(X509_get_subject_name(certificate));
  peer->issuer = name_text(X509_get_issuer_name(certificate));
  peer->serial =
      hexadecimal(ASN1_STRING_get0_data(serial),
                  static_cast<std::size_t>(ASN1_STRING_length(serial)), "0123456789ABCDEF");
  peer->sha256 = digest_text(certificate);
  ERR_clear_error();
  return peer;
}

}  // namespace sluice::tls
