#include "control/reload/reload_commands.h"

#include <string>
#include <string_view>

#include "control/log.h"

namespace sluice::control {
namespace {

using Arguments = std::span<const std::string>;

// What is worth a line each in the log; of more only the number.
constexpr std::size_t kMostLines = 50;

template <typename Log>
void log_lines(std::string_view text, Log&& log) {
  for (std::size_t line = 0; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (line == kMostLines) return log("...");
    log(std::string(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

Answer reload(Reloader& reloader, Arguments arguments) {
  auto changes = Reloader::RunTimeChanges::kKeep;
  bool json = false;
  for (const std::string& word : arguments) {
    if (word == "discard") {
      changes = Reloader::RunTimeChanges::kDrop;
    } else if (word == "json") {
      json = true;
    } else {
      return refusal("the arguments are: [discard] [json]");
    }
  }
  const ReloadReport report = reload_and_log(reloader, changes);
  return {json ? reload_as_json(report) : describe_reload(report), !report.accepted()};
}

Answer diff(const Reloader& reloader, Arguments arguments) {
  const bool json = !arguments.empty() && arguments[0] == "json";
  if (arguments.size() > (json ? 1U : 0U)) return refusal("the only argument there is is 'json'");
  const ReloadReport report = reloader.diff();
  return {json ? reload_as_json(report) : describe_diff(report), !report.usable};
}

Answer save(Reloader& reloader, Arguments arguments) {
  const bool trial = !arguments.empty() && arguments[0] == "dry-run";
  if (arguments.size() > (trial ? 1U : 0U)) {
    return refusal("the only argument there is is 'dry-run'");
  }
  return answer_of([&]() -> std::string {
    const std::string difference =
        reloader.save(trial ? Reloader::Saving::kTry : Reloader::Saving::kWrite);
    if (difference.empty()) return reloader.path() + " says what runs already\n";
    if (!trial) log_info("run-time changes were written into " + reloader.path());
    return (trial ? "would be written into " : "written into ") + reloader.path() + ":\n" +
           difference;
  });
}

}  // namespace

ReloadReport reload_and_log(Reloader& reloader, Reloader::RunTimeChanges changes) {
  ReloadReport report = reloader.reload(changes);
  log_lines(describe_reload(report), report.accepted() ? log_info : log_error);
  return report;
}

void add_reload_commands(CommandTable& commands, Reloader& reloader) {
  commands.add(
      "reload [discard] [json]",
      "read the configuration file again and take over what has changed; 'discard' drops run-time "
      "changes",
      [&reloader](Arguments arguments) { return reload(reloader, arguments); }, AdminLevel::kAdmin);
  commands.add(
      "diff [json]",
      "what a reload would change, what of it needs a restart, and what the file does not know of",
      [&reloader](Arguments arguments) { return diff(reloader, arguments); },
      AdminLevel::kOperator);
  commands.add(
      "save config [dry-run]", "write run-time changes into the configuration file",
      [&reloader](Arguments arguments) { return save(reloader, arguments); }, AdminLevel::kAdmin);
}

}  // namespace sluice::control
