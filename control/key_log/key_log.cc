#include "control/key_log/key_log.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "control/log.h"

namespace sluice::control {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw std::runtime_error("TLS key log " + path + ": " + why);
}

// A pipe that nobody reads must not keep Sluice from starting; whatever it is, it is looked at.
FileDescriptor open_own(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  FileDescriptor file(::open(path.c_str(), kFlags, S_IRUSR | S_IWUSR));
  if (!file) refuse(path, errno == ELOOP ? "is a symbolic link" : std::strerror(errno));
  return file;
}

void check_own(const FileDescriptor& file, const std::string& path) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) refuse(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) refuse(path, "is no regular file");
  if (status.st_uid != ::geteuid()) refuse(path, "belongs to another user");
  if (status.st_nlink != 1) refuse(path, "has other names (hard links)");
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    refuse(path, "is open to others than its owner; remove it, or 'chmod 600' it");
  }
}

}  // namespace

KeyLog::KeyLog(std::string path, std::uint32_t workers)
    : path_(std::move(path)), file_(open_own(path_)) {
  check_own(file_, path_);
  for (std::uint32_t worker = 0; worker < workers; ++worker) {
    rings_.push_back(std::make_unique<tls::KeyLogRing>());
  }
}

KeyLog::~KeyLog() {
  write();
}

void KeyLog::write() {
  std::array<char, 16 * tls::KeyLogRing::kLongestLine> lines;
  for (const auto& ring : rings_) {
    while (const std::size_t size = ring->take(lines)) {
      write_all(lines.data(), size);
      OPENSSL_cleanse(lines.data(), size);
    }
  }
  tell_lost();
}

void KeyLog::write_all(const char* bytes, std::size_t size) {
  while (file_ && size > 0) {
    const ssize_t written = ::write(file_.get(), bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const std::string why = std::strerror(errno);
      log_error("TLS key log " + path_ + ": " + why + "; no more secrets are written");
      file_ = FileDescriptor();
      return;
    }
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
}

void KeyLog::tell_lost() {
  std::uint64_t lost = 0;
  for (const auto& ring : rings_) lost += ring->lost();
  if (lost == lost_) return;
  if (lost_ == 0) {
    log_warning("TLS key log " + path_ +
                ": secrets come faster than they are written; some are missing");
  }
  lost_ = lost;
}

}  // namespace sluice::control
