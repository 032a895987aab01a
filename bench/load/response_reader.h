#pragma once

#include <cstdint>
#include <string>

#include "bench/common/head_memory.h"
#include "dataplane/buffer/byte_chain.h"
#include "dataplane/buffer/packet_pool.h"
#include "http/body_decoder.h"
#include "http/framing.h"
#include "http/head_parser.h"
#include "http/head_reader.h"

namespace sluice::load {

/// What matters of a response's head.
struct ResponseFacts {
  unsigned status = 0;
  http::BodyFraming framing;
  bool keeps_alive = false;
};

/// What readers of responses on one worker share.
struct ReaderTools {
  PacketPool& pool;
  http::HeadParser parser;
  /// Of answers to HEAD, and of others: the same head means another length of body.
  bench::HeadMemory<ResponseFacts> memory[2];
};

/// Reads the responses on one connection, one after the other, and takes their bodies off.
class ResponseReader {
 public:
  enum class Status : std::uint8_t {
    kIncomplete,  ///< all of the input was taken, or more of a head is needed
    kComplete,    ///< a response has ended; the input holds what came behind it
    kBad,         ///< this is no response that one may rely on
  };

  /// Begins with the next response; `to_head` when it answers a HEAD request.
  void begin(bool to_head);

  /// Reads on. Body bytes are moved to `body`, which is the caller's to empty.
  Status read(ByteChain& input, ByteChain& body, ReaderTools& tools);

  /// Whether the head is complete; then parsed() is valid.
  [[nodiscard]] bool has_head() const { return has_head_; }
  [[nodiscard]] const ResponseFacts& parsed() const { return parsed_; }
  /// Bytes of the head.
  [[nodiscard]] std::uint32_t head_size() const { return head_size_; }
  /// Whether the end of the connection ends the response.
  [[nodiscard]] bool ends_with_connection() const {
    return has_head_ && parsed_.framing.kind == http::BodyFraming::Kind::kUntilClose;
  }

 private:
  Status read_head(ByteChain& input, ReaderTools& tools);

  http::HeadReader head_reader_;
  http::BodyDecoder body_;
  ResponseFacts parsed_;
  std::uint32_t head_size_ = 0;
  bool to_head_ = false;
  bool has_head_ = false;
};

}  // namespace sluice::load
