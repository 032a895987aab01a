#include "control/reload/file_replacement.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "control/admin/unix_socket.h"

namespace sluice::control {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw std::runtime_error(path + ": " + what + ": " + std::strerror(errno));
}

void write_all(const FileDescriptor& file, const std::string& path, std::string_view text) {
  while (!text.empty()) {
    const ssize_t size = ::write(file.get(), text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail(path, "cannot be written");
    text.remove_prefix(static_cast<std::size_t>(size));
  }
}

/// A file that is gone again unless it was given another name.
class TemporaryFile {
 public:
  TemporaryFile(std::string path, const struct stat& like) : path_(std::move(path)) {
    file_ = FileDescriptor(
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file_) fail(path_, "cannot be made");
    const bool owned = like.st_uid == ::geteuid() && like.st_gid == ::getegid();
    if (!owned && ::fchown(file_.get(), like.st_uid, like.st_gid) != 0) {
      fail_and_remove("cannot be given the owner of the file it replaces");
    }
    if (::fchmod(file_.get(), like.st_mode & 07777) != 0) {
      fail_and_remove("cannot be given the permissions of the file it replaces");
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  void write(std::string_view text) {
    write_all(file_, path_, text);
    if (::fsync(file_.get()) != 0) fail(path_, "cannot be written");
  }
  void rename_to(const std::string& target) {
    if (::rename(path_.c_str(), target.c_str()) != 0) fail(target, "cannot be replaced");
    path_.clear();
  }

 private:
  [[noreturn]] void fail_and_remove(const std::string& what) {
    const int error = errno;
    ::unlink(path_.c_str());
    errno = error;
    fail(path_, what);
  }

  std::string path_;
  FileDescriptor file_;
};

// That a rename is on the disk; where the file system cannot tell, it is as good as it gets.
void sync_directory(const std::filesystem::path& directory) {
  const FileDescriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened) static_cast<void>(::fsync(opened.get()));
}

}  // namespace

void replace_file(const std::string& path, std::string_view text) {
  std::error_code failed;
  const std::filesystem::path target = std::filesystem::canonical(path, failed);
  if (failed) throw std::runtime_error(path + ": cannot be found: " + failed.message());
  struct stat present {};
  if (::stat(target.c_str(), &present) != 0) fail(path, "cannot be looked at");
  TemporaryFile file(target.string() + "." + std::to_string(::getpid()), present);
  file.write(text);
  file.rename_to(target.string());
  sync_directory(target.parent_path());
}

}  // namespace sluice::control
