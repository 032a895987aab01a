#include "control/certificates/certificate_text.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace sluice::control {
namespace {

using tls::OpenSslPointer;

OpenSslPointer<X509> parse(const tls::Der& der) {
  const unsigned char* at = der.data();
  return OpenSslPointer<X509>(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
}

// What `write` writes to a BIO of OpenSSL's.
template <typename Write>
std::string written(Write&& write) {
  const OpenSslPointer<BIO> text(BIO_new(BIO_s_mem()));
  if (!text) return {};
  write(text.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(text.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string time_text(const ASN1_TIME* time) {
  return written([&](BIO* text) { ASN1_TIME_print(text, time); });
}

std::string name_text(const X509_NAME* name) {
  return written([&](BIO* text) { X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253); });
}

std::string hexadecimal(const unsigned char* bytes, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02X", bytes[i]);
    text += digits;
  }
  return text;
}

std::string fingerprint(const X509* certificate, const EVP_MD* method) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  X509_digest(certificate, method, digest.data(), &size);
  return hexadecimal(digest.data(), size);
}

std::string names_text(const tls::CertificateInfo& info) {
  std::string text;
  for (std::size_t i = 0; i < info.names.size(); ++i) {
    text += (text.empty() ? "" : ", ") + std::string(i < info.dns_names ? "DNS:" : "IP Address:") +
            info.names[i];
  }
  return text;
}

std::string algorithm(const X509* certificate, const tls::CertificateInfo& info) {
  const std::string bits = std::to_string(EVP_PKEY_get_bits(X509_get0_pubkey(certificate)));
  const std::string name(name_of(info.key_type));
  return name.starts_with("RSA") ? name + bits : name;
}

}  // namespace

std::string describe_certificate(const tls::SharedCertificate& certificate, bool staged) {
  const tls::CertificateInfo& info = certificate.info();
  const OpenSslPointer<X509> leaf = parse(certificate.leaf());
  if (!leaf) return {};
  const ASN1_INTEGER* serial = X509_get0_serialNumber(leaf.get());
  std::string text = "Filename: " + std::string(staged ? "*" : "") + info.file + "\n";
  text += "Status: " + std::string(staged ? "Unused" : "Used") + "\n";
  text += "Serial: " +
          hexadecimal(ASN1_STRING_get0_data(serial),
                      static_cast<std::size_t>(ASN1_STRING_length(serial))) +
          "\n";
  text += "notBefore: " + time_text(X509_get0_notBefore(leaf.get())) + "\n";
  text += "notAfter: " + time_text(X509_get0_notAfter(leaf.get())) + "\n";
  text += "Subject Alternative Name: " + names_text(info) + "\n";
  text += "Algorithm: " + algorithm(leaf.get(), info) + "\n";
  text += "SHA1 FingerPrint: " + fingerprint(leaf.get(), EVP_sha1()) + "\n";
  text += "SHA256 FingerPrint: " + fingerprint(leaf.get(), EVP_sha256()) + "\n";
  text += "Subject: " + name_text(X509_get_subject_name(leaf.get())) + "\n";
  text += "Issuer: " + name_text(X509_get_issuer_name(leaf.get())) + "\n";
  for (const tls::Der& der : certificate.chain().certificates()) {
    const OpenSslPointer<X509> issuer = parse(der);
    if (!issuer) continue;
    text += "Chain Subject: " + name_text(X509_get_subject_name(issuer.get())) + "\n";
    text += "Chain Issuer: " + name_text(X509_get_issuer_name(issuer.get())) + "\n";
  }
  text += "OCSP Response: " + std::string(certificate.ocsp() ? "yes" : "none") + "\n";
  ERR_clear_error();
  return text;
}

std::string certificates_as_json(const CertificateStore::Entries& entries, std::int64_t now) {
  auto list = nlohmann::ordered_json::array();
  for (const auto& [name, entry] : entries) {
    if (entry.current == nullptr) continue;
    const tls::CertificateInfo& info = entry.current->info();
    const auto& ocsp = entry.current->ocsp();
    list.push_back({{"name", name},
                    {"names", info.names},
                    {"key", name_of(info.key_type)},
                    {"not_before", info.not_before},
                    {"not_after", info.not_after},
                    {"expires_in", info.not_after - now},
                    {"ocsp_stapled", ocsp && ocsp->current(now)},
                    {"staged", entry.staged != nullptr}});
  }
  return list.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace sluice::control
