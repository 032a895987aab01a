#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "http/field.h"
#include "http/head_error.h"
#include "http/request_head.h"
#include "http/response_head.h"

namespace sluice::http {

/// Parses heads with llhttp and accepts only what the strict checks of head_syntax.h,
/// request_target.h and framing.h agree with. One parser serves all messages of a worker, one
/// after the other: what it parsed is valid until the next parse.
class HeadParser {
 public:
  /// Parses a complete request head (start line to empty line, as HeadReader gives it) with at
  /// most `max_fields` fields. `request` is meaningful only when kNone is returned.
  HeadError parse_request(std::string_view head, std::size_t max_fields, RequestHead& request);

  /// Parses a complete response head; `to_head` when it answers a HEAD request.
  HeadError parse_response(std::string_view head, std::size_t max_fields, bool to_head,
                           ResponseHead& response);

 private:
  std::vector<Field> fields_;  // keeps its capacity
};

}  // namespace sluice::http
