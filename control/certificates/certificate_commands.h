#pragma once

#include <functional>

#include "control/admin/command_table.h"
#include "control/certificates/certificate_store.h"

namespace sluice::control {

/// Adds HAProxy's commands on certificates. `publish` brings what is in the store to the workers;
/// the store outlives the table.
void add_certificate_commands(CommandTable& commands, CertificateStore& certificates,
                              std::function<void()> publish);

}  // namespace sluice::control
