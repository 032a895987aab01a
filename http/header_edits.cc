#include "http/header_edits.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "http/characters.h"

namespace sluice::http {

HeaderEdits::HeaderEdits(std::vector<std::string> remove, std::vector<Line> set,
                         std::vector<Line> add)
    : dropped_(std::move(remove)), lines_(std::move(set)) {
  for (const Line& line : lines_) dropped_.push_back(line.name);
  for (const std::string& name : dropped_) lengths_ |= std::uint64_t{1} << length_bit(name);
  lines_.insert(lines_.end(), std::make_move_iterator(add.begin()),
                std::make_move_iterator(add.end()));
  needs_tag_ = std::any_of(lines_.begin(), lines_.end(),
                           [](const Line& line) { return line.value.uses(Placeholder::kId); });
}

void HeaderEdits::write(HeadWriter& writer, const TemplateValues& values) const {
  for (const Line& line : lines_) {
    writer.text(line.name).text(": ");
    line.value.write(writer, values);
    writer.text("\r\n");
  }
}

bool HeaderEdits::is_dropped(std::string_view name) const {
  return std::any_of(dropped_.begin(), dropped_.end(),
                     [&](const std::string& each) { return equals_ignoring_case(each, name); });
}

}  // namespace sluice::http
