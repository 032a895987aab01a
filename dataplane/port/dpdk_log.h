#pragma once

#include <atomic>
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

  /// While one of these exists, what is logged reaches the sink as debugging output, whatever its
  /// level: drivers call much an error that is none. Complaints from before are forgotten, so that
  /// complaints() tells why the present attempt failed, if it does.
  class Attempt {
   public:
    /// `log` may be null: nothing happens then.
    explicit Attempt(DpdkLog* log);
    ~Attempt();
    Attempt(const Attempt&) = delete;
    Attempt& operator=(const Attempt&) = delete;

   private:
    DpdkLog* log_;
  };

  /// The latest errors and warnings, at most four, joined by "; ".
  [[nodiscard]] std::string complaints() const;

  /// Takes over the log of the libraries under the AF_XDP driver, once they are loaded; they write
  /// to standard error otherwise.
  void adopt_xdp_libraries();

 private:
  static constexpr std::size_t kKept = 4;

  void write(LogLevel level, std::string_view text);

  LogSink sink_;
  std::atomic<int> attempts_{0};
  std::FILE* stream_ = nullptr;
  mutable std::mutex mutex_;
  std::deque<std::string> complaints_;

  static ssize_t write_cookie(void* cookie, const char* text, std::size_t size);
};

}  // namespace sluice::port
