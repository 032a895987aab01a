#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "tls/certificate/key_decoder.h"
#include "tls/certificate/secret_bytes.h"
#include "tls/openssl_types.h"

namespace sluice::tls {

/// What a PEM file holds of use to a server. Other blocks (parameters, requests) are passed over.
struct PemFile {
  std::vector<OpenSslPointer<X509>> certificates;  ///< in the file's order
  std::vector<OpenSslPointer<X509_CRL>> revocations;
  OpenSslPointer<EVP_PKEY> key;  ///< the first private key, or null
  SecretBytes key_der;           ///< the same as it was written
  bool encrypted_key = false;    ///< there is a key, under a pass phrase
  bool looks_like_der = false;   ///< it begins as the binary form does
};

/// Reads a PEM file (RFC 7468) of at most 4 MiB. The bytes read are wiped from memory afterwards.
/// Throws std::runtime_error, "<path>: <what is wrong>", when it cannot be read or a block of it
/// is damaged. A file without any block is no error here.
PemFile read_pem_file(const std::filesystem::path& path);
/// For whoever reads thousands.
PemFile read_pem_file(const std::filesystem::path& path, KeyDecoder& decoder);

/// The same of text that was not read from a file; `path` stands for it in messages.
PemFile read_pem_text(std::string_view text, const std::filesystem::path& path,
                      KeyDecoder& decoder);

}  // namespace sluice::tls
