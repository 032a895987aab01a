#include "http/balancing/outliers.h"

#include <algorithm>

namespace sluice::http {
namespace {

bool too_many_out(const FleetState& fleet, const Backend& backend, Instant now) {
  std::size_t ejected = 0;
  for (const Server& server : backend.servers) {
    const ServerState* state = fleet.find(server.id);
    if (state != nullptr && state->ejected(now)) ++ejected;
  }
  const std::size_t most = backend.servers.size() * backend.outliers.most_percent / 100;
  return ejected >= std::max<std::size_t>(most, 1);
}

}  // namespace

Duration note_server_failure(FleetState& fleet, const Backend& backend, ServerId server,
                             Instant now) {
  const OutlierSettings& settings = backend.outliers;
  if (settings.failures == 0) return Duration::zero();
  ServerState& state = fleet.server(server);
  if (state.failed() < settings.failures || too_many_out(fleet, backend, now)) {
    return Duration::zero();
  }
  return state.eject(now, settings.time, settings.longest);
}

}  // namespace sluice::http
