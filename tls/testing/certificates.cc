#include "tls/testing/certificates.h"

#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

namespace sluice::tls::testing {
namespace {

constexpr long kDay = 86400;

template <typename T>
T check(T result) {
  if (!result) throw std::runtime_error("OpenSSL: " + take_openssl_error());
  return result;
}

std::string contents_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

OpenSslPointer<BIO> memory() {
  return OpenSslPointer<BIO>(check(BIO_new(BIO_s_mem())));
}

OpenSslPointer<EVP_PKEY> make_key(unsigned rsa_bits, const char* curve) {
  return OpenSslPointer<EVP_PKEY>(check(rsa_bits > 0 ? EVP_RSA_gen(rsa_bits) : EVP_EC_gen(curve)));
}

std::string pem_of(X509* certificate) {
  const auto bio = memory();
  check(PEM_write_bio_X509(bio.get(), certificate));
  return contents_of(bio.get());
}

std::string pem_of(EVP_PKEY* key) {
  const auto bio = memory();
  check(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr));
  return contents_of(bio.get());
}

OpenSslPointer<X509> make_certificate(EVP_PKEY* key, const std::string& common_name, long serial,
                                      long expires_in = kDay) {
  OpenSslPointer<X509> certificate(check(X509_new()));
  check(X509_set_version(certificate.get(), X509_VERSION_3));
  check(ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial));
  check(X509_gmtime_adj(X509_getm_notBefore(certificate.get()), expires_in - kDay - 60));
  check(X509_gmtime_adj(X509_getm_notAfter(certificate.get()), expires_in));
  check(X509_set_pubkey(certificate.get(), key));
  if (!common_name.empty()) {
    check(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(common_name.data()),
                                     static_cast<int>(common_name.size()), -1, 0));
  }
  return certificate;
}

void add_extension(X509* certificate, int nid, const std::string& value) {
  X509_EXTENSION* extension = check(X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
  const int added = X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
  check(added);
}

std::string alternative_names(const CertificateRequest& request) {
  std::string text;
  for (const std::string& name : request.dns_names) text += ",DNS:" + name;
  for (const std::string& address : request.ip_addresses) text += ",IP:" + address;
  return text.empty() ? text : text.substr(1);
}

}  // namespace

CertificateAuthority::CertificateAuthority() : key_(make_key(0, "P-256")) {
  certificate_ = make_certificate(key_.get(), "test authority", 1);
  check(X509_set_issuer_name(certificate_.get(), X509_get_subject_name(certificate_.get())));
  add_extension(certificate_.get(), NID_basic_constraints, "critical,CA:TRUE");
  check(X509_sign(certificate_.get(), key_.get(), EVP_sha256()));
  pem_ = pem_of(certificate_.get());
}

IssuedCertificate CertificateAuthority::issue(const CertificateRequest& request) {
  const OpenSslPointer<EVP_PKEY> key = make_key(request.rsa_bits, request.curve);
  const long serial = next_serial_++;
  const OpenSslPointer<X509> certificate =
      make_certificate(key.get(), request.common_name, serial, request.expires_in);
  check(X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get())));
  const std::string names = alternative_names(request);
  if (!names.empty()) add_extension(certificate.get(), NID_subject_alt_name, names);
  check(X509_sign(certificate.get(), key_.get(), EVP_sha256()));
  return {pem_of(certificate.get()), pem_of(key.get()), serial};
}

std::string CertificateAuthority::revocation_list(const std::vector<long>& serials) const {
  const OpenSslPointer<X509_CRL> list(check(X509_CRL_new()));
  const OpenSslPointer<ASN1_TIME> from(check(X509_gmtime_adj(nullptr, -60)));
  const OpenSslPointer<ASN1_TIME> until(check(X509_gmtime_adj(nullptr, kDay)));
  check(X509_CRL_set_version(list.get(), X509_CRL_VERSION_2));
  check(X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(certificate_.get())));
  check(X509_CRL_set1_lastUpdate(list.get(), from.get()));
  check(X509_CRL_set1_nextUpdate(list.get(), until.get()));
  for (const long serial : serials) {
    const OpenSslPointer<ASN1_INTEGER> number(check(ASN1_INTEGER_new()));
    check(ASN1_INTEGER_set(number.get(), serial));
    X509_REVOKED* revoked = check(X509_REVOKED_new());
    check(X509_REVOKED_set_serialNumber(revoked, number.get()));
    check(X509_REVOKED_set_revocationDate(revoked, from.get()));
    check(X509_CRL_add0_revoked(list.get(), revoked));
  }
  check(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()));
  const auto bio = memory();
  check(PEM_write_bio_X509_CRL(bio.get(), list.get()));
  return contents_of(bio.get());
}

std::vector<std::uint8_t> CertificateAuthority::ocsp_response(const std::string& certificate,
                                                              int status, long from,
                                                              long until) const {
  const OpenSslPointer<BIO> source(
      check(BIO_new_mem_buf(certificate.data(), static_cast<int>(certificate.size()))));
  const OpenSslPointer<X509> leaf(
      check(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr)));
  const OpenSslPointer<ASN1_TIME> begin(check(X509_gmtime_adj(nullptr, from)));
  const OpenSslPointer<ASN1_TIME> end(check(X509_gmtime_adj(nullptr, until)));
  OCSP_CERTID* id = check(OCSP_cert_to_id(nullptr, leaf.get(), certificate_.get()));
  OCSP_BASICRESP* basic = check(OCSP_BASICRESP_new());
  check(OCSP_basic_add1_status(basic, id, status, OCSP_REVOKED_STATUS_NOSTATUS, begin.get(),
                               begin.get(), end.get()));
  check(OCSP_basic_sign(basic, certificate_.get(), key_.get(), EVP_sha256(), nullptr, 0));
  OCSP_RESPONSE* response = check(OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic));
  unsigned char* bytes = nullptr;
  const int size = i2d_OCSP_RESPONSE(response, &bytes);
  std::vector<std::uint8_t> der(bytes, bytes + size);
  OPENSSL_free(bytes);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  OCSP_CERTID_free(id);
  return der;
}

namespace {

OpenSslPointer<EVP_PKEY> parse_key(const std::string& pem) {
  const OpenSslPointer<BIO> source(
      check(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))));
  return OpenSslPointer<EVP_PKEY>(
      check(PEM_read_bio_PrivateKey(source.get(), nullptr, nullptr, nullptr)));
}

}  // namespace

std::string traditional_key(const std::string& key) {
  const auto bio = memory();
  check(PEM_write_bio_PrivateKey_traditional(bio.get(), parse_key(key).get(), nullptr, nullptr, 0,
                                             nullptr, nullptr));
  return contents_of(bio.get());
}

std::string encrypted_key(const std::string& key, bool old_form) {
  const auto bio = memory();
  const auto write = old_form ? PEM_write_bio_PrivateKey_traditional : PEM_write_bio_PrivateKey;
  unsigned char phrase[] = "secret";
  check(write(bio.get(), parse_key(key).get(), EVP_aes_128_cbc(), phrase, 6, nullptr, nullptr));
  return contents_of(bio.get());
}

}  // namespace sluice::tls::testing
