#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::control {

/// Takes a pcapng stream as it comes and finds the ends of its blocks, so that a file never ends
/// within one.
class PcapngReader {
 public:
  /// Adds bytes; returns those that complete blocks. Throws std::runtime_error when it is no
  /// pcapng.
  std::string add(std::string_view bytes);

  [[nodiscard]] std::uint64_t frames() const { return frames_; }
  /// Whether the end has come, in which Sluice tells what it could not copy.
  [[nodiscard]] bool complete() const { return complete_; }
  /// What Sluice could not copy.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  void read_block(std::string_view block);

  std::string waiting_;
  std::uint64_t frames_ = 0;
  std::uint64_t lost_ = 0;
  bool complete_ = false;
};

struct CaptureResult {
  std::string message;
  bool failed = false;
};

/// Asks the Sluice at an admin socket for a capture and writes it to a file ("-" for standard
/// output) until it ends, which SIGINT or SIGTERM make it do. `words` are the arguments of
/// `capture`. Throws std::runtime_error with a message for the operator.
CaptureResult capture_to_file(const std::string& socket, const std::vector<std::string>& words,
                              const std::string& file);

}  // namespace sluice::control
