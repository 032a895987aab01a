#include "control/access_log/access_log_commands.h"

#include "control/access_log/access_log.h"

namespace sluice::control {

void add_access_log_commands(CommandTable& commands, const Engine& engine) {
  commands.add(
      "reopen logs", "open the access log's file anew, when it has been renamed; as SIGUSR1 does",
      [&engine](std::span<const std::string> arguments) -> Answer {
        if (!arguments.empty()) return refusal("there are no arguments");
        if (engine.access_log() == nullptr) return refusal("there is no [access_log]");
        engine.access_log()->reopen();
        return {"the access log is opened anew\n"};
      },
      AdminLevel::kOperator);
}

}  // namespace sluice::control
