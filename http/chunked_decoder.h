#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/buffer/byte_chain.h"

namespace sluice::http {

/// Decodes the chunked transfer coding (RFC 9112 section 7.1), in pieces of any size. Data passes
/// by reference. Chunk extensions and trailer fields are checked and dropped: an intermediary may
/// discard both (RFC 9112 section 7.1.1, RFC 9110 section 6.5.1), and a trailer that is taken for
/// a header field behind us is a way to smuggle.
///
/// Strict: lines end in CRLF, a size is 1 to 16 hexadecimal digits below 2^63 with no space around
/// it, nothing but CRLF stands behind a chunk's data.
class ChunkedDecoder {
 public:
  enum class Status : std::uint8_t {
    kMore,       ///< all input was taken, the body goes on
    kDone,       ///< the body has ended; what is left of the input is not part of it
    kBad,        ///< not the chunked coding, or beyond the limits
    kNoBuffers,  ///< the pool ran dry; nothing more can be read
  };

  /// Octets of chunk extensions in one body: nobody sends any but to cause work.
  static constexpr std::size_t kExtensionLimit = 4096;
  /// Octets of trailer fields.
  static constexpr std::size_t kTrailerLimit = 8192;

  /// Moves what is data from the front of `input` to the end of `output`.
  Status decode(ByteChain& input, ByteChain& output, PacketPool& pool);

 private:
  enum class State : std::uint8_t {
    kSizeFirst,
    kSize,
    kExtension,
    kSizeEnd,
    kData,
    kDataEnd,
    kDataEndLf,
    kTrailerFirst,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kLastLf,
    kDone,
    kBad,
  };

  State next(std::uint8_t octet);
  State after_size_digit(std::uint8_t octet);
  State in_trailer(std::uint8_t octet);

  std::uint64_t left_ = 0;  // of the chunk's size, or of its data
  std::uint32_t extensions_ = 0;
  std::uint32_t trailers_ = 0;
  std::uint8_t digits_ = 0;
  State state_ = State::kSizeFirst;
};

}  // namespace sluice::http
