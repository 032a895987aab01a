#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "http/access_log/access_ring.h"

namespace sluice::http {

/// One worker's end of the access log: what it is to note, and where it puts it. Made before the
/// worker's proxy, and outlives it.
class AccessRecorder {
 public:
  /// `ring_bytes` as for AccessRing; `captures` are names of header fields, kMostCaptures at most.
  AccessRecorder(std::size_t ring_bytes, std::vector<std::string> captures)
      : ring_(ring_bytes), captures_(std::move(captures)) {}

  [[nodiscard]] AccessRing& ring() { return ring_; }
  /// Request header fields whose values are noted.
  [[nodiscard]] const std::vector<std::string>& captures() const { return captures_; }

 private:
  AccessRing ring_;
  std::vector<std::string> captures_;
};

}  // namespace sluice::http
