#pragma once

#include "dataplane/base/time.h"
#include "http/balancing/fleet_state.h"
#include "http/settings.h"

namespace sluice::http {

/// To be told of each failure of a server in live traffic: takes it out of rotation when there were
/// too many in a row, unless too many of its backend are out already. Returns for how long; zero
/// when it stays.
///
/// Two workers that eject two servers at the same moment may exceed the share by one for each.
Duration note_server_failure(FleetState& fleet, const Backend& backend, ServerId server,
                             Instant now);

}  // namespace sluice::http
