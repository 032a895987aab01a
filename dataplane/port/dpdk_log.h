#pragma once

#include <cstdint>
#include <cstdio>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace sluice::port {

enum class LogLevel : std::uint8_t { kError, kWarning, kInfo, kDebug };

/// Takes one line that DPDK logs, without its end of line. Called on any thread.
using LogSink = std::function<void(LogLevel, std::string_view)>;

/// Takes DPDK's log over while it exists: every line goes to a sink, and the latest complaints are
/// kept, so that an error can quote what a driver had to say.
class DpdkLog {
 public:
  /// Made before EAL starts, so that nothing is printed elsewhere. One at a time.
  explicit DpdkLog(LogSink sink);
  ~DpdkLog();
  DpdkLog(const DpdkLog&) = delete;
  DpdkLog& operator=(const DpdkLog&) = delete;

  /// Forgets the complaints so far: what is attempted next is to be told apart from them.
  void forget_complaints();
  /// The errors and warnings since then, at most the latest four, joined by "; ".
  [[nodiscard]] std::string complaints() const;

 private:
  static constexpr std::size_t kKept = 4;

  void write(LogLevel level, std::string_view text);

  LogSink sink_;
  std::FILE* stream_ = nullptr;
  mutable std::mutex mutex_;
  std::deque<std::string> complaints_;

  static ssize_t write_cookie(void* cookie, const char* text, std::size_t size);
};

}  // namespace sluice::port
