#include "http/body_decoder.h"

#include <algorithm>
#include <utility>

namespace sluice::http {

BodyDecoder::Status BodyDecoder::decode(ByteChain& input, ByteChain& output, PacketPool& pool) {
  switch (kind_) {
    case BodyFraming::Kind::kNone:
      return Status::kDone;
    case BodyFraming::Kind::kLength: {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
      if (size != 0 && !input.move_front(size, output, pool)) return Status::kNoBuffers;
      left_ -= size;
      return left_ == 0 ? Status::kDone : Status::kMore;
    }
    case BodyFraming::Kind::kChunked:
      return chunked_.decode(input, output, pool);
    case BodyFraming::Kind::kUntilClose:
      output.append(std::move(input));
      return Status::kMore;
  }
  return Status::kBad;
}

}  // namespace sluice::http
