#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/field.h"
#include "http/head_error.h"

namespace sluice::http {

enum class Version : std::uint8_t { kHttp10, kHttp11 };

/// Where a message's body ends (RFC 9112 section 6.3).
struct BodyFraming {
  enum class Kind : std::uint8_t {
    kNone,
    kLength,  ///< `length` bytes, at least one
    kChunked,
    kUntilClose,  ///< responses only
  };
  Kind kind = Kind::kNone;
  std::uint64_t length = 0;
  /// What Content-Length said, also where there is no body: in answers to HEAD, in 304, and 0.
  bool has_length = false;

  friend bool operator==(const BodyFraming&, const BodyFraming&) = default;
};

/// The fields that decide on framing, as they stand in a head.
struct FramingFields {
  std::string_view content_length;
  std::string_view transfer_encoding;
  std::uint32_t content_lengths = 0;  ///< how many such lines there are
  std::uint32_t transfer_encodings = 0;
};

/// A Content-Length: digits and nothing else, below 2^63. False when it is none.
[[nodiscard]] bool parse_content_length(std::string_view text, std::uint64_t& length);

/// The framing of a request. Refuses whatever two recipients might read differently: a repeated or
/// listed Content-Length even if all values agree, any Transfer-Encoding but a single "chunked",
/// both together, and Transfer-Encoding in HTTP/1.0.
HeadError request_framing(const FramingFields& fields, Version version, BodyFraming& framing);

/// The framing of a response to a HEAD request (`to_head`) or to another one. Refuses the same as
/// for requests, except where there is no body by definition: in 1xx and 204 the fields are
/// ignored, since they are not passed on.
HeadError response_framing(const FramingFields& fields, Version version, unsigned status,
                           bool to_head, BodyFraming& framing);

}  // namespace sluice::http
