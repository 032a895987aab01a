#include "http/request_target.h"

#include <algorithm>

#include "http/authority.h"
#include "http/characters.h"

namespace sluice::http {
namespace {

HeadError parse_absolute(std::string_view target, RequestHead& request) {
  const std::size_t colon = target.find(':');
  const std::string_view scheme = target.substr(0, colon);
  if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https")) {
    return HeadError::kBadTarget;
  }
  std::string_view rest = target.substr(colon);
  if (!rest.starts_with("://")) return HeadError::kBadTarget;
  rest.remove_prefix(3);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  request.authority = rest.substr(0, end);
  if (!parse_authority(request.authority)) return HeadError::kBadTarget;
  request.target = rest.substr(end);
  // RFC 9112 section 3.2.4: what OPTIONS asks of a whole server is asked with "*".
  if (request.target.empty()) request.target = request.method == Method::kOptions ? "*" : "/";
  return HeadError::kNone;
}

}  // namespace

HeadError parse_target(std::string_view target, RequestHead& request) {
  if (!is_target_text(target)) return HeadError::kBadTarget;
  request.authority = {};
  request.target = target;
  if (request.method == Method::kConnect) {
    const auto authority = parse_authority(target);
    if (!authority || authority->port.empty()) return HeadError::kBadTarget;
    request.authority = target;
    request.path = {};
    return HeadError::kNone;
  }
  if (target == "*") {
    if (request.method != Method::kOptions) return HeadError::kBadTarget;
  } else if (target.front() != '/') {
    const HeadError error = parse_absolute(target, request);
    if (error != HeadError::kNone) return error;
  }
  const bool has_path = request.target.front() == '/';
  request.path = has_path ? request.target.substr(0, request.target.find('?')) : "/";
  return HeadError::kNone;
}

}  // namespace sluice::http
