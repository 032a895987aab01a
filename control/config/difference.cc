#include "control/config/difference.h"

namespace sluice::control {

Differences as_addition(std::string table, bool reloads, Differences from_nothing) {
  Differences result(1);
  std::string keys;
  for (Difference& each : from_nothing) {
    if (each.table != table || each.key.empty()) {
      result.push_back(std::move(each));
    } else if (each.key != "name") {
      keys += (keys.empty() ? "" : ", ") + each.key + " = " + each.after;
    }
  }
  result.front() = {Difference::Kind::kAdded, std::move(table), {}, {}, std::move(keys), reloads};
  return result;
}

Differences reversed(Differences differences) {
  using Kind = Difference::Kind;
  for (Difference& each : differences) {
    std::swap(each.before, each.after);
    if (each.kind == Kind::kChanged) continue;
    each.kind = each.kind == Kind::kAdded ? Kind::kRemoved : Kind::kAdded;
  }
  return differences;
}

}  // namespace sluice::control
