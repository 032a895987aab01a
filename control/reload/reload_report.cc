#include "control/reload/reload_report.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

namespace sluice::control {
namespace {

using Json = nlohmann::ordered_json;

std::string counted(std::size_t count, const std::string& noun) {
  return std::to_string(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string line_of(const Difference& difference) {
  using Kind = Difference::Kind;
  std::string line = !difference.reloads                 ? "! "
                     : difference.kind == Kind::kAdded   ? "+ "
                     : difference.kind == Kind::kRemoved ? "- "
                                                         : "~ ";
  line += difference.table;
  if (!difference.key.empty()) line += " " + difference.key;
  switch (difference.kind) {
    case Kind::kAdded:
      line += difference.reloads ? "" : " (new)";
      return line + (difference.after.empty() ? "" : ": " + difference.after) + "\n";
    case Kind::kRemoved:
      return line + (difference.reloads ? "\n" : " (gone)\n");
    case Kind::kChanged:
      break;
  }
  return line + ": " + difference.before + " -> " + difference.after + "\n";
}

std::string lines_of(const ReloadReport& report, bool refused_alone) {
  std::string lines;
  for (const Difference& each : report.differences) {
    if (!refused_alone || !each.reloads) lines += line_of(each);
  }
  if (refused_alone) return lines;
  for (const std::string& name : report.certificates) lines += "~ certificate " + name + "\n";
  return lines;
}

// What a restart would lose.
std::string memory_of(const ReloadReport& report) {
  if (report.in_memory.empty()) return {};
  std::string text = counted(report.in_memory.size(), "run-time change") +
                     " of which the file does not know ('save config' writes them, 'reload "
                     "discard' drops them):\n";
  for (const Difference& each : report.in_memory) text += line_of(each);
  return text;
}

std::string refusal_of(const ReloadReport& report) {
  const std::size_t count = report.refusals();
  return counted(count, "change") + (count == 1 ? " needs" : " need") + " a restart";
}

std::string_view name_of(Difference::Kind kind) {
  if (kind == Difference::Kind::kAdded) return "added";
  return kind == Difference::Kind::kRemoved ? "removed" : "changed";
}

Json as_json(const Differences& differences) {
  Json list = Json::array();
  for (const Difference& each : differences) {
    list.push_back({{"kind", name_of(each.kind)},
                    {"table", each.table},
                    {"key", each.key},
                    {"before", each.before},
                    {"after", each.after},
                    {"needs_restart", !each.reloads}});
  }
  return list;
}

}  // namespace

std::size_t ReloadReport::refusals() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(differences, [](const Difference& each) { return !each.reloads; }));
}

std::string describe_reload(const ReloadReport& report) {
  if (!report.usable) return "not reloaded: " + report.file + " cannot be used\n" + report.problems;
  if (!report.accepted()) {
    return "not reloaded: " + refusal_of(report) + "\n" + lines_of(report, true) + report.problems;
  }
  char time[32];
  std::snprintf(time, sizeof time, "%.1f", static_cast<double>(report.took.count()) / 1000);
  const std::string what =
      report.changes() == 0 ? "nothing has changed" : counted(report.changes(), "change");
  return "reloaded " + report.file + " in " + time + " ms: " + what + "\n" +
         lines_of(report, false) + report.problems;
}

std::string describe_diff(const ReloadReport& report) {
  if (!report.usable) {
    return "a reload would be refused: " + report.file + " cannot be used\n" + report.problems;
  }
  const std::string lines = lines_of(report, false) + memory_of(report) + report.problems;
  if (!report.accepted()) {
    return "a reload would be refused: " + refusal_of(report) + "\n" + lines;
  }
  if (report.changes() == 0) return "a reload would change nothing\n" + lines;
  return "a reload would make " + counted(report.changes(), "change") + "\n" + lines;
}

std::string reload_as_json(const ReloadReport& report) {
  const Json object = {{"file", report.file},
                       {"accepted", report.accepted()},
                       {"problems", report.problems},
                       {"changes", as_json(report.differences)},
                       {"in_memory", as_json(report.in_memory)},
                       {"certificates", report.certificates}};
  return object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace sluice::control
