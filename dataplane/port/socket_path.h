#pragma once

#include <string>

namespace sluice::port {

/// Makes room for a listening Unix socket at `path`: removes what a process that was killed has
/// left there. Throws std::runtime_error when the directory is missing or not writable, when
/// something else than a socket is in the way, or when somebody listens there.
void clear_socket_path(const std::string& path);

/// Throws std::runtime_error when nobody listens at `path`.
void require_listener(const std::string& path);

}  // namespace sluice::port
