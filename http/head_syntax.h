#pragma once

#include <string_view>

#include "http/head_error.h"

/// The rules by which a head is refused before any parser sees it, so that no two parsers on the
/// way of a message can read it differently. llhttp up to 8.1 takes bare CR and LF, folded fields
/// and control characters in places; none of that gets past these checks.
namespace sluice::http {

/// Checks every octet of a head (start line to empty line): lines end in CRLF and nowhere else
/// stands a CR or LF, no line begins with space (RFC 9112 sections 2.2 and 5.2), no control
/// characters but HTAB (RFC 9110 section 5.5). `head` must not be empty.
HeadError check_octets(std::string_view head);

/// Splits a head into lines once more, independently of llhttp: walks from the end of the start
/// line over fields that the caller names, in order. Each must begin where the last one ended and
/// consist of name, colon, optional space, value, optional space, CRLF.
class LineWalk {
 public:
  /// `fields` begins behind the start line's CRLF and ends with the head's empty line.
  explicit LineWalk(std::string_view fields) : at_(fields.data()), end_(at_ + fields.size()) {}

  /// Whether the next line is exactly this name and value; `value` is trimmed at its end.
  [[nodiscard]] bool next(std::string_view name, std::string_view& value);
  /// Whether only the empty line is left.
  [[nodiscard]] bool at_end() const;

 private:
  const char* at_;
  const char* end_;
};

}  // namespace sluice::http
