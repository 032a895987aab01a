#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "control/config/checks.h"
#include "control/config/wording.h"

namespace sluice::control {
namespace {

constexpr std::array<std::string_view, 17> kHttpKeysOfFrontends{
    "route",
    "redirect",
    "request.set",
    "request.add",
    "request.remove",
    "response.set",
    "response.add",
    "response.remove",
    "timeout.request",
    "timeout.idle",
    "timeout.keep_alive",
    "limit.head_bytes",
    "limit.header_fields",
    "limit.body_bytes",
    "limit.requests_per_connection",
    "forwarded",
    "via",
};
constexpr std::array<std::string_view, 6> kHttpKeysOfBackends{
    "timeout.response", "timeout.idle", "timeout.keep_alive",
    "pool.connections", "retry.on",     "limit.response_head_bytes",
};

template <std::size_t size>
void refuse(const std::vector<Located<std::string>>& given,
            const std::array<std::string_view, size>& refused, const std::string& why,
            Diagnostics& problems) {
  for (const auto& key : given) {
    if (std::find(refused.begin(), refused.end(), key.value) == refused.end()) continue;
    problems.error(key.at, in_quotes(key.value) + " has no meaning " + why);
  }
}

// Who uses the backends, in which mode.
class BackendUses {
 public:
  explicit BackendUses(Diagnostics& problems) : problems_(problems) {}

  void add(const Located<std::string>& backend, Mode mode) {
    if (backend.value.empty()) return;
    const auto [first, is_new] = uses_.emplace(backend.value, std::pair(mode, backend.at));
    if (is_new || first->second.first == mode) return;
    problems_.error(backend.at, "backend " + in_quotes(backend.value) + " is used in " +
                                    (mode == Mode::kTcp ? "HTTP" : "TCP") + " mode already" +
                                    on_line(first->second.second) +
                                    "; one backend has one mode, so make another of the servers");
  }

  [[nodiscard]] bool in_tcp_mode(const std::string& backend) const {
    const auto found = uses_.find(backend);
    return found != uses_.end() && found->second.first == Mode::kTcp;
  }

 private:
  Diagnostics& problems_;
  std::map<std::string, std::pair<Mode, Position>> uses_;
};

void check_tcp_frontend(const FrontendConfig& frontend, Diagnostics& problems) {
  refuse(frontend.given, kHttpKeysOfFrontends, "with 'mode = \"tcp\"'", problems);
  if (frontend.backend.value.empty() && frontend.backend.at.line == 0) {
    problems.error(frontend.mode.at,
                   "a frontend in TCP mode needs 'backend': it has nothing else to choose by");
  }
}

}  // namespace

void check_modes(const Config& config, Diagnostics& problems) {
  BackendUses uses(problems);
  for (const FrontendConfig& frontend : config.frontends) {
    uses.add(frontend.backend, frontend.mode.value);
    if (frontend.mode.value == Mode::kTcp) {
      check_tcp_frontend(frontend, problems);
      continue;
    }
    for (const RouteConfig& route : frontend.routes) uses.add(route.backend, Mode::kHttp);
  }
  for (const BackendConfig& backend : config.backends) {
    if (!uses.in_tcp_mode(backend.name.value)) continue;
    refuse(backend.given, kHttpKeysOfBackends, "in TCP mode, in which this backend is used",
           problems);
    if (backend.hash.value.by != http::HashBy::kSource) {
      problems.error(backend.hash.at,
                     "'hash.by' can only be \"source\" in TCP mode, in which this backend is used");
    }
  }
}

}  // namespace sluice::control
