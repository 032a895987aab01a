#pragma once

#include "control/config/config.h"
#include "tls/client/client_context.h"

namespace sluice::control {

/// What TLS is spoken with to the servers of a backend, without what belongs to one worker. Throws
/// std::runtime_error with a message for the operator when no authorities are named and the system
/// has none.
tls::ClientSettings client_settings(const BackendTlsConfig& config);

}  // namespace sluice::control
