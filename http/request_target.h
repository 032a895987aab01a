#pragma once

#include <string_view>

#include "http/request_head.h"

namespace sluice::http {

/// Reads a request target in the form its method may have (RFC 9112 section 3.2) and sets
/// `request.target` and `request.path`, and `request.authority` if it was in absolute form (it
/// stays empty otherwise). `request.method` must be set. CONNECT's authority form sets the
/// authority alone.
HeadError parse_target(std::string_view target, RequestHead& request);

}  // namespace sluice::http
