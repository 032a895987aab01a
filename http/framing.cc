#include "http/framing.h"

#include <limits>

#include "http/characters.h"

namespace sluice::http {
namespace {

// What requests and responses have in common; kind stays kNone when no field says anything.
HeadError framing_of(const FramingFields& fields, Version version, BodyFraming& framing) {
  framing = {};
  if (fields.transfer_encodings != 0) {
    if (fields.content_lengths != 0) return HeadError::kBothLengths;
    if (version == Version::kHttp10 || fields.transfer_encodings != 1 ||
        !equals_ignoring_case(fields.transfer_encoding, "chunked")) {
      return HeadError::kBadTransferEncoding;
    }
    framing.kind = BodyFraming::Kind::kChunked;
    return HeadError::kNone;
  }
  if (fields.content_lengths == 0) return HeadError::kNone;
  if (fields.content_lengths != 1 || !parse_content_length(fields.content_length, framing.length)) {
    return HeadError::kBadContentLength;
  }
  framing.has_length = true;
  if (framing.length != 0) framing.kind = BodyFraming::Kind::kLength;
  return HeadError::kNone;
}

}  // namespace

bool parse_content_length(std::string_view text, std::uint64_t& length) {
  constexpr std::uint64_t kLargest = std::numeric_limits<std::int64_t>::max();
  if (text.empty()) return false;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return false;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (kLargest - digit) / 10) return false;
    value = value * 10 + digit;
  }
  length = value;
  return true;
}

HeadError request_framing(const FramingFields& fields, Version version, BodyFraming& framing) {
  return framing_of(fields, version, framing);
}

HeadError response_framing(const FramingFields& fields, Version version, unsigned status,
                           bool to_head, BodyFraming& framing) {
  framing = {};
  if (status < 200 || status == 204) return HeadError::kNone;
  const HeadError error = framing_of(fields, version, framing);
  if (error != HeadError::kNone) return error;
  if (to_head || status == 304) {
    framing.kind = BodyFraming::Kind::kNone;
  } else if (framing.kind == BodyFraming::Kind::kNone && !framing.has_length) {
    framing.kind = BodyFraming::Kind::kUntilClose;
  }
  return HeadError::kNone;
}

}  // namespace sluice::http
