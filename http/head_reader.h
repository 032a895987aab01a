#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/buffer/byte_chain.h"
#include "http/head_bytes.h"

namespace sluice::http {

/// Finds a message head, up to and with its empty line, at the front of received bytes. A head
/// that lies in one buffer stays there; one that comes in pieces is put together in memory of its
/// own, never more than the limit and one buffer.
class HeadReader {
 public:
  enum class Status : std::uint8_t {
    kIncomplete,   ///< all of the input was taken; more is needed
    kComplete,     ///< head() is the head; take() or drop() it before the next read()
    kBareLineEnd,  ///< a line ended in LF without CR: no head of ours will ever end
    kTooLong,      ///< longer than the limit
    kLineTooLong,  ///< the first line alone is longer than the limit
    kEmptyLines,   ///< more empty lines before the head than anyone sends by mistake
  };

  /// Empty lines that may precede a request (RFC 9112 section 2.2 asks for at least one).
  static constexpr unsigned kEmptyLinesAllowed = 4;

  /// Reads on. What it removes from `input` belongs to the head in the making. `skip_empty_lines`
  /// is for requests.
  Status read(ByteChain& input, std::size_t limit, bool skip_empty_lines);

  /// The complete head; `input` is the chain that read() was called with.
  [[nodiscard]] std::string_view head(const ByteChain& input) const;

  /// Takes the head out of the input and hands it over.
  HeadBytes take(ByteChain& input, PacketPool& pool);
  /// Takes the head out of the input and forgets it.
  void drop(ByteChain& input);

  /// What has come of a head that read() gives up; `input` is the chain that it was called with.
  [[nodiscard]] std::string_view so_far(const ByteChain& input) const;

  /// Whether part of a head has been read.
  [[nodiscard]] bool started() const { return !collected_.empty() || in_place_ != 0; }

 private:
  struct Scan {
    std::size_t end = 0;  // behind the empty line; 0 while it has not come
    std::size_t line_begin = 0;
    bool bare_line_end = false;
  };
  static Scan scan(std::string_view bytes, std::size_t from, std::size_t line_begin);

  Status collect(ByteChain& input, std::size_t limit);
  bool skip_empty_lines(ByteChain& input);
  void reset();

  std::string collected_;       // a head that came in pieces
  std::size_t line_begin_ = 0;  // of the line being read, in collected_
  std::uint32_t in_place_ = 0;  // size of a complete head at the front of the input
  std::uint8_t empty_lines_ = 0;
  bool complete_ = false;  // collected_ is a whole head
};

}  // namespace sluice::http
