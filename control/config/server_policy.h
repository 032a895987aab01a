#pragma once

#include "control/config/config.h"
#include "tls/server/server_policy.h"

namespace sluice::control {

/// What a frontend's keys come to: the named policy with what was set beside it.
tls::ServerPolicy server_policy(const FrontendTlsConfig& config);

}  // namespace sluice::control
