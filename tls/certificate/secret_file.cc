#include "tls/certificate/secret_file.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

namespace sluice::tls {
namespace {

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

struct stat status_of(const std::filesystem::path& path, const FileDescriptor& file) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) refuse_for_errno(path, errno);
  if (!S_ISREG(status.st_mode)) refuse(path, "not a file");
  return status;
}

// Not by iostream or stdio, whose buffers would keep a copy of the keys.
std::size_t read_all(const std::filesystem::path& path, const FileDescriptor& file,
                     std::span<std::uint8_t> bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuse_for_errno(path, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace

// It delegates so that the destructor wipes what was read when the rest cannot be.
SecretFile::SecretFile(const std::filesystem::path& path, std::size_t most, std::string_view what)
    : SecretFile() {
  const FileDescriptor file(path);
  const struct stat status = status_of(path, file);
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > most) refuse(path, "too large for " + std::string(what));
  open_to_all_ = (status.st_mode & S_IROTH) != 0;
  bytes_.resize(size);
  size_ = read_all(path, file, bytes_);
}

SecretFile::~SecretFile() {
  OPENSSL_cleanse(bytes_.data(), bytes_.size());
}

std::string_view SecretFile::text() const {
  return {reinterpret_cast<const char*>(bytes_.data()), size_};
}

}  // namespace sluice::tls
