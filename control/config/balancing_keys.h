#pragma once

#include "control/config/config.h"
#include "control/config/section.h"

namespace sluice::control {

/// The keys that say how servers share the work: what a [[backend]] has of them, and what each of
/// its servers.
void add_balancing_keys(Section<BackendConfig>& section);
void add_balancing_keys(Section<ServerConfig>& section);

}  // namespace sluice::control
