#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "dataplane/wire/flow.h"
#include "http/settings.h"

namespace sluice::control {

/// What the configuration calls the use of a flow: "frontend www" for a client's, and
/// "server farm/web1" for one to a server.
class FlowNames {
 public:
  explicit FlowNames(const http::Settings& settings);

  /// Empty for a flow of neither kind.
  [[nodiscard]] const std::string& of(const wire::FlowKey& flow) const;

 private:
  using Place = std::pair<wire::IpAddress, std::uint16_t>;

  std::map<Place, std::string> frontends_;
  std::map<std::uint16_t, std::string> frontends_of_every_address_;
  std::map<Place, std::string> servers_;
};

}  // namespace sluice::control
