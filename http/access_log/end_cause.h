#pragma once

#include <cstdint>

#include "dataplane/stream.h"

namespace sluice::http {

/// Who ended a request, a TCP session or a tunnel other than in order. The letters are those that
/// HAProxy's log has for the same.
enum class EndedBy : char {
  kNobody = '-',  ///< it ended in order
  kClient = 'C',
  kClientTimeout = 'c',
  kServer = 'S',  ///< or there was none to be had
  kServerTimeout = 's',
  kProxy = 'P',     ///< refused here
  kResource = 'R',  ///< packet buffers or memory ran out
  kInternal = 'I',
  kLocal = 'L',   ///< answered here, as configured
  kKilled = 'K',  ///< by an operator, or the process ends
};

/// How far it had come then.
/// Who ended a client's connection that failed so.
inline EndedBy ender_of(StreamError client_error) {
  return client_error == StreamError::kShutDown ? EndedBy::kKilled : EndedBy::kClient;
}

enum class EndPhase : char {
  kDone = '-',
  kRequest = 'R',  ///< the client was sending the request's head
  kQueue = 'Q',
  kConnect = 'C',
  kResponse = 'H',  ///< the server had all of the request, and owed the response's head
  kData = 'D',      ///< a body was passing, in either direction, or a tunnel's bytes
};

struct EndCause {
  EndedBy by = EndedBy::kNobody;
  EndPhase phase = EndPhase::kDone;

  friend bool operator==(const EndCause&, const EndCause&) = default;
};

}  // namespace sluice::http
