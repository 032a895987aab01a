#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataplane/base/time.h"
#include "http/balancing/fleet_state.h"
#include "http/settings.h"

namespace sluice::control {

/// Notices servers that leave the rotation or come back, and says why, for the log. What changes
/// twice between two looks is told as its number.
class ServerWatch {
 public:
  /// Servers named at once; of the others only the number is told.
  static constexpr std::size_t kMostNamed = 20;

  struct Message {
    std::string text;
    bool bad;  ///< a server is lost, and not by the operator's will
  };

  explicit ServerWatch(const http::FleetState& fleet) : fleet_(fleet) {}

  /// A few times a second: what there is to say. `now` is the workers' time.
  std::vector<Message> look(const http::Settings& settings, Instant now);

 private:
  /// Why a server gets nothing, the strongest reason first.
  enum class Reason : std::uint8_t { kNone, kMaint, kDrain, kChecks, kUnreachable, kEjected };

  struct History {
    Reason reason = Reason::kNone;
    std::uint64_t falls = 0;      // by checks, as last seen
    std::uint32_t ejections = 0;  // likewise
    bool known = false;
  };

  [[nodiscard]] Reason reason_of(const http::Server& server, Instant now) const;
  [[nodiscard]] std::string describe(const http::Server& server, Reason reason) const;
  [[nodiscard]] std::string left_of(const http::Backend& backend, Instant now) const;
  void look(const http::Backend& backend, const http::Server& server, Instant now,
            std::vector<Message>& messages);

  const http::FleetState& fleet_;
  std::unordered_map<http::ServerId, History> histories_;
};

}  // namespace sluice::control
