#include "dataplane/stream.h"

namespace sluice {

std::string_view to_string(StreamError error) {
  switch (error) {
    case StreamError::kRefused:
      return "connection refused";
    case StreamError::kUnreachable:
      return "host unreachable";
    case StreamError::kTimedOut:
      return "timed out";
    case StreamError::kReset:
      return "reset by peer";
    case StreamError::kProtocol:
      return "protocol error";
    case StreamError::kTruncated:
      return "ended early";
    case StreamError::kNoMemory:
      return "out of buffers";
    case StreamError::kShutDown:
      return "shut down by an operator";
  }
  return "unknown error";
}

}  // namespace sluice
