#include "http/head_error.h"

namespace sluice::http {

std::string_view to_string(HeadError error) {
  switch (error) {
    case HeadError::kNone:
      return "no error";
    case HeadError::kBadOctet:
      return "control character";
    case HeadError::kBareLineEnd:
      return "bare CR or LF";
    case HeadError::kFolded:
      return "folded field";
    case HeadError::kBadStartLine:
      return "malformed start line";
    case HeadError::kBadTarget:
      return "invalid request target";
    case HeadError::kBadVersion:
      return "malformed version";
    case HeadError::kUnsupportedVersion:
      return "unsupported version";
    case HeadError::kUnknownMethod:
      return "unknown method";
    case HeadError::kBadField:
      return "malformed field";
    case HeadError::kTooManyFields:
      return "too many fields";
    case HeadError::kHeadTooLong:
      return "head too long";
    case HeadError::kTargetTooLong:
      return "request target too long";
    case HeadError::kBadHost:
      return "missing, repeated or invalid Host";
    case HeadError::kBadConnection:
      return "invalid Connection";
    case HeadError::kBadContentLength:
      return "invalid or repeated Content-Length";
    case HeadError::kBadTransferEncoding:
      return "unsupported Transfer-Encoding";
    case HeadError::kBothLengths:
      return "Content-Length with Transfer-Encoding";
  }
  return "unknown error";
}

unsigned status_of(HeadError error) {
  switch (error) {
    case HeadError::kTargetTooLong:
      return 414;
    case HeadError::kTooManyFields:
    case HeadError::kHeadTooLong:
      return 431;
    case HeadError::kUnknownMethod:
      return 501;
    case HeadError::kUnsupportedVersion:
      return 505;
    default:
      return 400;
  }
}

}  // namespace sluice::http
