#pragma once

#include <string>
#include <string_view>

namespace sluice::control {

/// What the admin socket answered to one command.
struct AdminReply {
  std::string text;  ///< without the empty line at its end
  bool failed = false;
};

/// Sends one command to a running Sluice and waits for the whole answer. Throws
/// std::runtime_error with a message for the operator when there is none.
AdminReply ask_admin(const std::string& path, std::string_view command);

}  // namespace sluice::control
