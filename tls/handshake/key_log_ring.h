#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/base/counter.h"
#include "dataplane/base/undumped_memory.h"
#include "tls/openssl_types.h"

namespace sluice::tls {

/// Secrets of one worker's TLS connections on their way to a key log file, as lines in the format
/// that NSS made common: a label, the client's random and the secret. The worker puts and another
/// thread takes; nobody waits. What finds no room is lost. A secret is wiped when it is taken.
class KeyLogRing {
 public:
  /// `lines` is a power of two.
  explicit KeyLogRing(std::uint32_t lines = 4096);
  ~KeyLogRing();
  KeyLogRing(const KeyLogRing&) = delete;
  KeyLogRing& operator=(const KeyLogRing&) = delete;

  /// For the worker: a line without its end.
  void put(std::string_view line);

  /// For the thread that writes: fills `out` with whole lines, each with its end. Returns their
  /// size, 0 when there are none. `out` has room for one line at least.
  std::size_t take(std::span<char> out);

  /// Lines that found no room.
  [[nodiscard]] std::uint64_t lost() const { return lost_.get(); }

  /// The longest line, its end included. Labels have 31 characters, secrets 48 bytes at most.
  static constexpr std::size_t kLongestLine = 254;

 private:
  struct Line {
    std::uint16_t size = 0;
    std::array<char, kLongestLine> text;
  };

  std::uint32_t count_;
  std::vector<Line, undumped::Allocator<Line>> lines_;
  Counter lost_;
  alignas(64) std::atomic<std::uint32_t> written_{0};
  alignas(64) std::atomic<std::uint32_t> taken_{0};
};

/// Has the secrets of every connection that is made from a context put into `ring`, which outlives
/// the context and its connections. They all belong to one worker.
void log_keys(SSL_CTX* context, KeyLogRing& ring);

}  // namespace sluice::tls
