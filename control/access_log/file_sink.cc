#include "control/access_log/file_sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace sluice::control {
namespace {

constexpr mode_t kMode = 0640;

}  // namespace

FileSink::FileSink(std::string path, std::optional<LineHeader> header)
    : path_(std::move(path)), header_(std::move(header)) {
  open();
}

// A pipe is opened for reading, too, so that it need not have a reader yet.
void FileSink::open() {
  int file = STDOUT_FILENO;
  FileDescriptor opened;
  if (!path_.empty()) {
    struct stat status {};
    const bool fifo = ::stat(path_.c_str(), &status) == 0 && S_ISFIFO(status.st_mode);
    const int flags = (fifo ? O_RDWR : O_WRONLY | O_APPEND | O_CREAT) | O_CLOEXEC | O_NOCTTY;
    opened = FileDescriptor(::open(path_.c_str(), flags, kMode));
    if (!opened) {
      throw std::runtime_error("the access log " + path_ +
                               " cannot be opened: " + std::strerror(errno));
    }
    file = opened.get();
  }
  struct stat status {};
  if (::fstat(file, &status) == 0) {
    waits_for_reader_ = !S_ISREG(status.st_mode);
  }
  own_ = std::move(opened);
  file_ = file;
}

void FileSink::reopen() {
  if (path_.empty()) return;
  open();
  torn_.clear();  // its line is in the other file
}

AccessSink::Outcome FileSink::write(LineBatch& batch) {
  Outcome outcome = finish_torn();
  while (outcome == Outcome::kDone && !batch.done()) {
    std::size_t written = 0;
    outcome = write_some(batch.rest(), written);
    batch.advance(written);
  }
  if (outcome == Outcome::kFailed && !batch.done() && batch.torn()) {
    torn_ = batch.first();
    batch.advance(torn_.size());
  }
  return outcome;
}

AccessSink::Outcome FileSink::finish_torn() {
  while (!torn_.empty()) {
    std::size_t written = 0;
    const Outcome outcome = write_some(torn_, written);
    torn_.erase(0, written);
    if (outcome != Outcome::kDone) return outcome;
  }
  return Outcome::kDone;
}

// Standard output may be shared with who would not like it to be non-blocking: as much is written
// as poll(2) promises room for.
AccessSink::Outcome FileSink::write_some(std::string_view text, std::size_t& written) {
  if (waits_for_reader_) {
    pollfd wait{file_, POLLOUT, 0};
    if (::poll(&wait, 1, 0) <= 0) return Outcome::kBusy;
    text = text.substr(0, PIPE_BUF);
  }
  const ssize_t size = ::write(file_, text.data(), text.size());
  if (size >= 0) {
    written = static_cast<std::size_t>(size);
    return Outcome::kDone;
  }
  if (errno == EINTR || errno == EAGAIN) return Outcome::kBusy;
  fault_ = std::strerror(errno);
  return Outcome::kFailed;
}

}  // namespace sluice::control
