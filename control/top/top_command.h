#pragma once

#include <string>

namespace sluice::control {

/// `sluice top`: shows what the Sluice behind an admin socket does, until the user leaves. When
/// standard output is no terminal, once. Returns the process's exit code. Throws std::runtime_error
/// with a message for the operator when there is no answer to begin with.
int show_top(const std::string& admin_socket);

}  // namespace sluice::control
