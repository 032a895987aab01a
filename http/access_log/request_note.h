#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "http/access_log/access_record.h"
#include "http/request_head.h"

namespace sluice::http {

/// What the access log will tell of a request besides its exchange. The texts point into the
/// request's head.
struct RequestNote {
  /// Takes what is wanted out of a good head.
  void take(const RequestHead& request, std::span<const std::string> captures, Instant now);
  /// The bytes of the head have been copied elsewhere.
  void move(std::string_view from, std::string_view to);
  /// Who ended it, if nobody is known to have yet.
  void end(EndedBy by, EndPhase phase) {
    if (by != EndedBy::kNobody && cause.by == EndedBy::kNobody) cause = {by, phase};
  }
  /// Who ended the exchange, if that was its own doing, is in the entry already.
  void fill(AccessEntry& entry, Instant began) const;

  Instant head_read = kNever;
  std::string_view method;
  std::string_view target;
  std::string_view host;
  std::array<std::string_view, kMostCaptures> captured;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint16_t status = 0;  ///< of the response that was begun; 0: none
  Version version = Version::kHttp11;
  EndCause cause;
};

}  // namespace sluice::http
