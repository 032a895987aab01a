#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/access_log/destination.h"

namespace sluice::control {

/// Lines that are to be written, and how far that has come.
class LineBatch {
 public:
  /// The text to which a line is added, before end_line().
  [[nodiscard]] std::string& text() { return text_; }
  void end_line() {
    text_ += '\n';
    ends_.push_back(text_.size());
  }
  void clear() {
    text_.clear();
    ends_.clear();
    line_ = byte_ = 0;
  }

  [[nodiscard]] bool done() const { return line_ == ends_.size(); }
  /// Lines of which something is left.
  [[nodiscard]] std::size_t left() const { return ends_.size() - line_; }
  /// What is left of all lines, and of the first of them; with their ends.
  [[nodiscard]] std::string_view rest() const { return std::string_view(text_).substr(byte_); }
  [[nodiscard]] std::string_view first() const { return rest().substr(0, ends_[line_] - byte_); }
  /// So many bytes more are written.
  void advance(std::size_t bytes) {
    byte_ += bytes;
    while (line_ < ends_.size() && ends_[line_] <= byte_) ++line_;
  }
  /// Whether a part of the first line is written.
  [[nodiscard]] bool torn() const { return byte_ > (line_ == 0 ? 0 : ends_[line_ - 1]); }

 private:
  std::string text_;
  std::vector<std::size_t> ends_;
  std::size_t line_ = 0;
  std::size_t byte_ = 0;
};

/// Where lines are written to. Waits for nobody but a disk.
class AccessSink {
 public:
  enum class Outcome : std::uint8_t {
    kDone,    ///< all of the batch is written
    kBusy,    ///< whoever reads does not keep up: to be tried again soon
    kFailed,  ///< the rest cannot be written
  };

  virtual ~AccessSink() = default;
  virtual Outcome write(LineBatch& batch) = 0;
  /// Begins each line; `at` is in seconds since the epoch.
  virtual void begin_line(std::int64_t at, std::string& into) = 0;
  /// Opens what it writes to anew: it may have been renamed. Throws std::runtime_error, and goes on
  /// with what it has.
  virtual void reopen() = 0;
  /// Why the last write failed.
  [[nodiscard]] virtual std::string fault() const = 0;
};

/// How lines begin that are no JSON.
struct SinkSettings {
  AccessDestination to;
  std::string tag;        ///< the program's name
  unsigned facility = 0;  ///< syslog's
  bool bare = false;      ///< lines in a file have no beginning of their own
};

/// Throws std::runtime_error when it cannot be opened.
std::unique_ptr<AccessSink> open_sink(const SinkSettings& settings);

}  // namespace sluice::control
