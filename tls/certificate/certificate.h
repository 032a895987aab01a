#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/certificate/key_decoder.h"
#include "tls/certificate/key_type.h"
#include "tls/certificate/ocsp_response.h"
#include "tls/certificate/secret_bytes.h"
#include "tls/openssl_types.h"

namespace sluice::tls {

/// Where one certificate comes from.
struct CertificateSource {
  /// A PEM file with the leaf first, then its chain; it may hold the private key too.
  std::filesystem::path certificate;
  /// The private key's PEM file; empty: in the certificate's file, or beside it as
  /// "<certificate>.key" or with the extension replaced by ".key".
  std::filesystem::path key;
};

/// What a certificate says of itself.
struct CertificateInfo {
  std::string file;                ///< where it came from, or what it is called
  std::vector<std::string> names;  ///< DNS names in lower case, then IP addresses as text
  std::size_t dns_names = 0;       ///< how many of them: alternative names, else the common name
  KeyType key_type = KeyType::kRsa;
  std::int64_t not_before = 0;  ///< seconds since the epoch
  std::int64_t not_after = 0;   ///< seconds since the epoch
  /// Why the OCSP response beside it is of no use; empty: it is, or there is none.
  std::string ocsp_problem;
};

/// A certificate with what is needed to show it and to prove that it is one's own.
struct Certificate {
  OpenSslPointer<X509> leaf;
  std::vector<OpenSslPointer<X509>> chain;  ///< issuers, in the order they are sent
  OpenSslPointer<EVP_PKEY> key;             ///< belongs to the leaf
  SecretBytes key_der;                      ///< the same, as KeyDecoder reads it
  std::optional<OcspResponse> ocsp;         ///< to be stapled
  CertificateInfo info;
};

/// The certificate sources that a configuration's path stands for: the file itself, or every
/// "*.pem" and "*.crt" file of a directory (not below it; names with a leading dot are left out),
/// sorted by name. Throws std::runtime_error with a message for the operator when the path does
/// not exist or the directory has none.
std::vector<CertificateSource> find_certificates(const std::filesystem::path& path);

/// Reads a certificate, its chain and its key, and checks that they belong together; and an OCSP
/// response beside it, "<certificate>.ocsp", if there is one. Throws std::runtime_error with a
/// message for the operator (which file, what is wrong with it).
Certificate load_certificate(const CertificateSource& source);
/// For whoever loads thousands.
Certificate load_certificate(const CertificateSource& source, KeyDecoder& decoder);

/// The same of PEM text that came from elsewhere; the certificate's path stands for it in messages.
/// `present_key`, in DER or empty, is tried when the text has no key. There is no OCSP response.
Certificate read_certificate(const CertificateSource& source, std::string_view pem,
                             std::span<const std::uint8_t> present_key, KeyDecoder& decoder);

}  // namespace sluice::tls
