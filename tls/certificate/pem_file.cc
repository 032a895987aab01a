#include "tls/certificate/pem_file.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tls/certificate/secret_file.h"

namespace sluice::tls {
namespace {

constexpr std::size_t kMaxFileSize = std::size_t{4} << 20;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& problem) {
  throw std::runtime_error(path.string() + ": " + problem);
}

// One block as PEM_read_bio() gives it, wiped when freed.
struct Block {
  Block() = default;
  ~Block() {
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(der, static_cast<std::size_t>(size));
  }
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  char* name = nullptr;
  char* header = nullptr;
  unsigned char* der = nullptr;
  long size = 0;
};

bool is_certificate(std::string_view name) {
  return name == PEM_STRING_X509 || name == PEM_STRING_X509_OLD || name == PEM_STRING_X509_TRUSTED;
}

bool is_private_key(std::string_view name) {
  return name == PEM_STRING_PKCS8INF || name.ends_with(" PRIVATE KEY");
}

bool is_encrypted(const Block& block) {
  return std::string_view(block.name) == PEM_STRING_PKCS8 ||
         std::string_view(block.header).find("ENCRYPTED") != std::string_view::npos;
}

void add_certificate(const std::filesystem::path& path, const Block& block, PemFile& file) {
  const unsigned char* der = block.der;
  // The AUX form reads plain certificates as well as those with OpenSSL's trust settings behind.
  OpenSslPointer<X509> certificate(d2i_X509_AUX(nullptr, &der, block.size));
  if (!certificate) {
    refuse(path, "certificate " + std::to_string(file.certificates.size() + 1) +
                     " in it is damaged: " + take_openssl_error());
  }
  file.certificates.push_back(std::move(certificate));
}

void add_revocations(const std::filesystem::path& path, const Block& block, PemFile& file) {
  const unsigned char* der = block.der;
  OpenSslPointer<X509_CRL> list(d2i_X509_CRL(nullptr, &der, block.size));
  if (!list) {
    refuse(path, "a list of revoked certificates in it is damaged: " + take_openssl_error());
  }
  file.revocations.push_back(std::move(list));
}

void add_key(const std::filesystem::path& path, const Block& block, KeyDecoder& decoder,
             PemFile& file) {
  if (is_encrypted(block)) {
    file.encrypted_key = true;
    return;
  }
  if (file.key) return;
  const std::span<const std::uint8_t> der(block.der, static_cast<std::size_t>(block.size));
  file.key = decoder.decode(der);
  if (!file.key) refuse(path, "the private key in it is damaged: " + take_openssl_error());
  file.key_der = SecretBytes(der);
}

bool read_block(const std::filesystem::path& path, BIO* source, Block& block) {
  if (PEM_read_bio(source, &block.name, &block.header, &block.der, &block.size) == 1) return true;
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    refuse(path, "a PEM block in it is damaged: " + take_openssl_error());
  }
  ERR_clear_error();
  return false;
}

}  // namespace

PemFile read_pem_text(std::string_view text, const std::filesystem::path& path,
                      KeyDecoder& decoder) {
  ERR_clear_error();
  PemFile file;
  if (text.empty()) return file;
  file.looks_like_der =
      static_cast<unsigned char>(text.front()) == (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED);
  const OpenSslPointer<BIO> source(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!source) refuse(path, take_openssl_error());
  for (;;) {
    Block block;
    if (!read_block(path, source.get(), block)) return file;
    if (is_certificate(block.name)) add_certificate(path, block, file);
    if (std::string_view(block.name) == PEM_STRING_X509_CRL) add_revocations(path, block, file);
    if (is_private_key(block.name)) add_key(path, block, decoder, file);
  }
}

PemFile read_pem_file(const std::filesystem::path& path, KeyDecoder& decoder) {
  const SecretFile secret(path, kMaxFileSize, "a file of certificates and keys");
  return read_pem_text(secret.text(), path, decoder);
}

PemFile read_pem_file(const std::filesystem::path& path) {
  KeyDecoder decoder;
  return read_pem_file(path, decoder);
}

}  // namespace sluice::tls
