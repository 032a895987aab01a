#include "control/config/diagnostics.h"

#include <algorithm>
#include <utility>

namespace sluice::control {

void Diagnostics::error(Position at, std::string message) {
  entries_.push_back({at, true, std::move(message)});
  ++errors_;
}

void Diagnostics::warning(Position at, std::string message) {
  entries_.push_back({at, false, std::move(message)});
}

std::string Diagnostics::format(const std::string& file) const {
  std::vector<const Entry*> ordered;
  ordered.reserve(entries_.size());
  for (const Entry& entry : entries_) ordered.push_back(&entry);
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const Entry* a, const Entry* b) { return a->at < b->at; });
  std::string lines;
  for (const Entry* entry : ordered) {
    lines += file;
    if (entry->at.line != 0) {
      lines.append(":").append(std::to_string(entry->at.line));
      lines.append(":").append(std::to_string(entry->at.column));
    }
    lines += entry->is_error ? ": " : ": warning: ";
    lines += entry->message + "\n";
  }
  return lines;
}

std::string Diagnostics::error_messages() const {
  std::string lines;
  for (const Entry& entry : entries_) {
    if (entry.is_error) lines += entry.message + "\n";
  }
  return lines;
}

}  // namespace sluice::control
