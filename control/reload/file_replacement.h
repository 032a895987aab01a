#pragma once

#include <string>
#include <string_view>

namespace sluice::control {

/// Puts a text into the place of a file that is there, in one step: whoever reads it finds the old
/// one or the new one, also after a power failure. Its owner and permissions stay; a symbolic link
/// stays one. Throws std::runtime_error with a message for the operator, and has changed nothing
/// then.
void replace_file(const std::string& path, std::string_view text);

}  // namespace sluice::control
