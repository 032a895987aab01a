#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

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

/// A server's certificate with what is needed to show it and to prove that it is one's own.
struct Certificate {
  OpenSslPointer<X509> leaf;
  std::vector<OpenSslPointer<X509>> chain;  ///< issuers, in the order they are sent
  OpenSslPointer<EVP_PKEY> key;             ///< belongs to the leaf
  std::string file;                         ///< where the leaf came from
  std::vector<std::string> dns_names;       ///< lower case; of the alternative names, else the CN
  std::vector<std::string> names;           ///< dns_names, and IP addresses as text
  std::int64_t not_before;                  ///< seconds since the epoch
  std::int64_t not_after;                   ///< seconds since the epoch
};

/// The certificate sources that a configuration's path stands for: the file itself, or every
/// "*.pem" and "*.crt" file of a directory (not below it; names with a leading dot are left out),
/// sorted by name. Throws std::runtime_error with a message for the operator when the path does
/// not exist or the directory has none.
std::vector<CertificateSource> find_certificates(const std::filesystem::path& path);

/// Reads a certificate, its chain and its key, and checks that they belong together. Throws
/// std::runtime_error with a message for the operator (which file, what is wrong with it).
Certificate load_certificate(const CertificateSource& source);

}  // namespace sluice::tls
