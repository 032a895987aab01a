#pragma once

#include <filesystem>
#include <vector>

#include "tls/openssl_types.h"

namespace sluice::tls {

/// What a PEM file holds of use to a server. Other blocks (parameters, requests) are passed over.
struct PemFile {
  std::vector<OpenSslPointer<X509>> certificates;  ///< in the file's order
  OpenSslPointer<EVP_PKEY> key;                    ///< the first private key, or null
  bool encrypted_key = false;                      ///< there is a key, under a pass phrase
  bool looks_like_der = false;                     ///< it begins as the binary form does
};

/// Reads a PEM file (RFC 7468) of at most 4 MiB. The bytes read are wiped from memory afterwards.
/// Throws std::runtime_error, "<path>: <what is wrong>", when it cannot be read or a block of it
/// is damaged. A file without any block is no error here.
PemFile read_pem_file(const std::filesystem::path& path);

}  // namespace sluice::tls
