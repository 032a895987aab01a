#include "tls/certificate/pem_file.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace sluice::tls {
namespace {

constexpr off_t kMaxFileSize = off_t{4} << 20;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& problem) {
  throw std::runtime_error(path.string() + ": " + problem);
}

[[noreturn]] void refuse_for_errno(const std::filesystem::path& path, int error) {
  refuse(path, std::generic_category().message(error));
}

class FileDescriptor {
 public:
  // O_NONBLOCK: opening a FIFO must not wait for somebody to write to it.
  explicit FileDescriptor(const std::filesystem::path& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (descriptor_ < 0) refuse_for_errno(path, errno);
  }
  ~FileDescriptor() { ::close(descriptor_); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

// Memory for bytes that may be a private key: wiped when it is freed, and never moved before.
class SecretBytes {
 public:
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  ~SecretBytes() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  [[nodiscard]] std::uint8_t* data() { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  std::vector<std::uint8_t> bytes_;
};

// Not by iostream or stdio, whose buffers would keep a copy of the key.
std::size_t read_all(const std::filesystem::path& path, int descriptor, SecretBytes& bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(descriptor, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse_for_errno(path, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

std::size_t size_of_regular_file(const std::filesystem::path& path, int descriptor) {
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) refuse_for_errno(path, errno);
  if (!S_ISREG(status.st_mode)) refuse(path, "not a file");
  if (status.st_size > kMaxFileSize) refuse(path, "too large for a file of certificates and keys");
  return static_cast<std::size_t>(status.st_size);
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

void add_key(const std::filesystem::path& path, const Block& block, PemFile& file) {
  if (is_encrypted(block)) {
    file.encrypted_key = true;
    return;
  }
  if (file.key) return;
  const unsigned char* der = block.der;
  file.key.reset(d2i_AutoPrivateKey(nullptr, &der, block.size));
  if (!file.key) refuse(path, "the private key in it is damaged: " + take_openssl_error());
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

PemFile read_pem_file(const std::filesystem::path& path) {
  const FileDescriptor descriptor(path);
  SecretBytes bytes(size_of_regular_file(path, descriptor.get()));
  const std::size_t size = read_all(path, descriptor.get(), bytes);

  ERR_clear_error();
  PemFile file;
  if (size == 0) return file;
  file.looks_like_der = *bytes.data() == (V_ASN1_SEQUENCE | V_ASN1_CONSTRUCTED);
  const OpenSslPointer<BIO> source(BIO_new_mem_buf(bytes.data(), static_cast<int>(size)));
  if (!source) refuse(path, take_openssl_error());
  for (;;) {
    Block block;
    if (!read_block(path, source.get(), block)) return file;
    if (is_certificate(block.name)) add_certificate(path, block, file);
    if (is_private_key(block.name)) add_key(path, block, file);
  }
}

}  // namespace sluice::tls
