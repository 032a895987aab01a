#include "http/chunked_decoder.h"

#include <algorithm>

#include "http/characters.h"

namespace sluice::http {
namespace {

// Value of a hexadecimal digit, or 16.
unsigned digit_of(std::uint8_t octet) {
  if (octet >= '0' && octet <= '9') return octet - '0';
  const unsigned lower = octet | 0x20U;
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : 16;
}

// What field values and extensions may hold: anything but controls, HTAB excepted.
bool is_text(std::uint8_t octet) {
  return (octet >= 0x20 && octet != 0x7f) || octet == '\t';
}

}  // namespace

ChunkedDecoder::Status ChunkedDecoder::decode(ByteChain& input, ByteChain& output,
                                              PacketPool& pool) {
  while (state_ != State::kDone && state_ != State::kBad && !input.empty()) {
    if (state_ == State::kData) {
      const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size()));
      if (!input.move_front(size, output, pool)) return Status::kNoBuffers;
      left_ -= size;
      if (left_ == 0) state_ = State::kDataEnd;
      continue;
    }
    const auto front = input.front();
    std::size_t used = 0;
    while (used < front.size() && state_ != State::kData && state_ != State::kDone &&
           state_ != State::kBad) {
      state_ = next(front[used++]);
    }
    input.drop_front(used);
  }
  if (state_ == State::kDone) return Status::kDone;
  return state_ == State::kBad ? Status::kBad : Status::kMore;
}

ChunkedDecoder::State ChunkedDecoder::next(std::uint8_t octet) {
  switch (state_) {
    case State::kSizeFirst:
      left_ = 0;
      digits_ = 0;
      return digit_of(octet) < 16 ? after_size_digit(octet) : State::kBad;
    case State::kSize:
      if (octet == '\r') return State::kSizeEnd;
      if (octet == ';') return State::kExtension;
      return after_size_digit(octet);
    case State::kExtension:
      if (octet == '\r') return State::kSizeEnd;
      return is_text(octet) && ++extensions_ <= kExtensionLimit ? State::kExtension : State::kBad;
    case State::kSizeEnd:
      if (octet != '\n') return State::kBad;
      return left_ == 0 ? State::kTrailerFirst : State::kData;
    case State::kDataEnd:
      return octet == '\r' ? State::kDataEndLf : State::kBad;
    case State::kDataEndLf:
      return octet == '\n' ? State::kSizeFirst : State::kBad;
    case State::kTrailerFirst:
    case State::kTrailerName:
    case State::kTrailerValue:
    case State::kTrailerLf:
      return in_trailer(octet);
    case State::kLastLf:
      return octet == '\n' ? State::kDone : State::kBad;
    case State::kData:
    case State::kDone:
    case State::kBad:
      break;
  }
  return state_;
}

ChunkedDecoder::State ChunkedDecoder::after_size_digit(std::uint8_t octet) {
  const unsigned digit = digit_of(octet);
  if (digit == 16 || ++digits_ > 16 || (left_ >> 59) != 0) return State::kBad;
  left_ = left_ << 4 | digit;
  return State::kSize;
}

ChunkedDecoder::State ChunkedDecoder::in_trailer(std::uint8_t octet) {
  if (++trailers_ > kTrailerLimit) return State::kBad;
  const bool token = is_token_character(static_cast<char>(octet));
  switch (state_) {
    case State::kTrailerFirst:
      if (octet == '\r') return State::kLastLf;
      return token ? State::kTrailerName : State::kBad;
    case State::kTrailerName:
      if (octet == ':') return State::kTrailerValue;
      return token ? State::kTrailerName : State::kBad;
    case State::kTrailerValue:
      if (octet == '\r') return State::kTrailerLf;
      return is_text(octet) ? State::kTrailerValue : State::kBad;
    default:
      return octet == '\n' ? State::kTrailerFirst : State::kBad;
  }
}

}  // namespace sluice::http
