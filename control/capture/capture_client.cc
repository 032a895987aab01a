#include "control/capture/capture_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <optional>
#include <span>
#include <stdexcept>
#include <utility>

#include "control/admin/unix_socket.h"
#include "control/signal_queue.h"

namespace sluice::control {
namespace {

constexpr std::uint32_t kPacketBlock = 6;
constexpr std::uint32_t kStatisticsBlock = 5;
// Type, length, and the length again; no block of ours is near the largest.
constexpr std::size_t kSmallestBlock = 12;
constexpr std::size_t kLargestBlock = 1U << 20;
constexpr std::string_view kRefusalMark = "[3]:";

template <typename Number>
Number number_at(std::string_view bytes, std::size_t at) {
  Number number{};
  if (at + sizeof number <= bytes.size()) std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

// In the admin socket's language a backslash takes the next character as it is.
std::string escaped(const std::string& word) {
  std::string text;
  for (const char c : word) {
    if (c == '\n') throw std::runtime_error("an argument has a line's end in it");
    if (c == ' ' || c == '\t' || c == ';' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

void send_command(const FileDescriptor& socket, const std::vector<std::string>& words) {
  // Refusals are told from a file by the mark that HAProxy has for them.
  std::string line = "set severity-output number;capture";
  for (const std::string& word : words) line += " " + escaped(word);
  line += "\n";
  const ssize_t sent = ::send(socket.get(), line.data(), line.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(line.size())) {
    throw std::runtime_error(std::string("no answer: ") + std::strerror(errno));
  }
}

/// The file. It is made with the first bytes, so that a refused capture leaves none behind and
/// takes nothing away.
class Target {
 public:
  explicit Target(const std::string& name) : file_(name == "-" ? stdout : nullptr), name_(name) {}
  ~Target() {
    if (file_ != nullptr && file_ != stdout) (void)std::fclose(file_);
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  void write(const std::string& bytes) {
    if (bytes.empty()) return;
    if (file_ == nullptr) file_ = std::fopen(name_.c_str(), "wbe");
    if (file_ == nullptr) throw failure();
    const bool good = std::fwrite(bytes.data(), 1, bytes.size(), file_) == bytes.size() &&
                      std::fflush(file_) == 0;
    if (!good) throw failure();
  }

 private:
  [[nodiscard]] std::runtime_error failure() const {
    return std::runtime_error(name_ + ": " + std::strerror(errno));
  }

  std::FILE* file_;
  std::string name_;
};

/// What Sluice sends. A signal asks it to bring the capture to its end; a second one, or two
/// seconds in which the end does not come, end it here.
class Source {
 public:
  explicit Source(FileDescriptor socket) : socket_(std::move(socket)) {}

  [[nodiscard]] const FileDescriptor& socket() const { return socket_; }

  /// Waits for bytes; returns how many there are, 0 at the end.
  std::size_t receive(std::span<char> bytes) {
    for (;;) {
      pollfd waits[] = {{signals_.fd(), POLLIN, 0}, {socket_.get(), POLLIN, 0}};
      const int found = ::poll(waits, 2, patience());
      if (found < 0 && errno != EINTR) throw std::runtime_error(std::strerror(errno));
      if (found == 0 || (signals_.next() != 0 && !interrupt())) return 0;
      if (waits[1].revents == 0) continue;
      const ssize_t size = ::recv(socket_.get(), bytes.data(), bytes.size(), 0);
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) throw std::runtime_error(std::string("no answer: ") + std::strerror(errno));
      return static_cast<std::size_t>(size);
    }
  }

 private:
  using Clock = std::chrono::steady_clock;

  // In milliseconds; for ever unless interrupted.
  [[nodiscard]] int patience() const {
    if (!deadline_) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ - Clock::now());
    return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
  }

  // Returns whether this was the first time.
  bool interrupt() {
    constexpr std::string_view kStop = "stop\n";
    if (deadline_) return false;
    deadline_ = Clock::now() + std::chrono::seconds(2);
    return ::send(socket_.get(), kStop.data(), kStop.size(), MSG_NOSIGNAL) > 0;
  }

  SignalQueue signals_;
  FileDescriptor socket_;
  std::optional<Clock::time_point> deadline_;
};

std::string summary(const PcapngReader& reader) {
  const std::string frames = std::to_string(reader.frames()) + " frames captured, ";
  if (!reader.complete()) return frames + "nobody told how many were lost\n";
  return frames + std::to_string(reader.lost()) + " lost for want of room\n";
}

}  // namespace

std::string PcapngReader::add(std::string_view bytes) {
  waiting_.append(bytes);
  std::size_t whole = 0;
  while (waiting_.size() - whole >= kSmallestBlock) {
    const std::string_view rest = std::string_view(waiting_).substr(whole);
    const auto length = number_at<std::uint32_t>(rest, 4);
    if (length < kSmallestBlock || length > kLargestBlock || length % 4 != 0) {
      throw std::runtime_error("what Sluice sends is no pcapng");
    }
    if (rest.size() < length) break;
    read_block(rest.substr(0, length));
    whole += length;
  }
  std::string blocks = waiting_.substr(0, whole);
  waiting_.erase(0, whole);
  return blocks;
}

void PcapngReader::read_block(std::string_view block) {
  const auto type = number_at<std::uint32_t>(block, 0);
  if (type == kPacketBlock) ++frames_;
  // Type, length, interface and time stand before the one option.
  if (type != kStatisticsBlock) return;
  complete_ = true;
  lost_ += number_at<std::uint64_t>(block, 24);
}

CaptureResult capture_to_file(const std::string& socket_path, const std::vector<std::string>& words,
                              const std::string& file) {
  Source source(connect_unix(socket_path));
  Target target(file);
  send_command(source.socket(), words);
  PcapngReader reader;
  std::string begin;  // a line's end, of 'set severity-output', and the mark of a refusal
  bool refused = false;
  bool decided = false;
  std::string bytes(65536, '\0');
  while (const std::size_t size = source.receive(bytes)) {
    begin.append(bytes, 0, size);
    if (!decided && begin.size() <= kRefusalMark.size()) continue;
    if (!std::exchange(decided, true)) {
      begin.erase(0, 1);
      refused = begin.starts_with(kRefusalMark);
    }
    if (refused) continue;
    target.write(reader.add(begin));
    begin.clear();
  }
  if (!decided) throw std::runtime_error("admin socket " + socket_path + " did not answer");
  if (!refused) return {summary(reader)};
  while (begin.ends_with("\n\n")) begin.pop_back();
  return {begin.substr(kRefusalMark.size()), true};
}

}  // namespace sluice::control
