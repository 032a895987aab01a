#pragma once

#include <cstdint>

#include "http/chunked_decoder.h"
#include "http/framing.h"

namespace sluice::http {

/// Takes a message's body out of the bytes that follow its head, in whatever framing it has.
class BodyDecoder {
 public:
  using Status = ChunkedDecoder::Status;

  BodyDecoder() = default;
  explicit BodyDecoder(const BodyFraming& framing)
      : kind_(framing.kind),
        left_(framing.kind == BodyFraming::Kind::kLength ? framing.length : 0) {}

  /// Moves the body's data from the front of `input` to the end of `output`, by reference. kDone
  /// once the body is complete; a body that ends with its connection never is.
  Status decode(ByteChain& input, ByteChain& output, PacketPool& pool);

  [[nodiscard]] BodyFraming::Kind kind() const { return kind_; }

 private:
  BodyFraming::Kind kind_ = BodyFraming::Kind::kNone;
  std::uint64_t left_ = 0;
  ChunkedDecoder chunked_;
};

}  // namespace sluice::http
