#pragma once

#include <string_view>

namespace sluice::http {

/// What RFC 9110 section 15 calls a status, or a registered extension of it; empty for others.
std::string_view reason_phrase(unsigned status);

}  // namespace sluice::http
