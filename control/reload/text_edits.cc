#include "control/reload/text_edits.h"

#include <algorithm>
#include <utility>

namespace sluice::control {

TextEdits::TextEdits(std::string_view text) : text_(text), lines_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') lines_.push_back(i + 1);
  }
}

std::size_t TextEdits::offset_of(Position at) const {
  const std::size_t line = std::min<std::size_t>(at.line, lines_.size());
  std::size_t offset = line == 0 ? 0 : lines_[line - 1];
  for (std::uint32_t column = 1; column < at.column && offset < text_.size(); ++column) {
    ++offset;
    while (offset < text_.size() && (static_cast<unsigned char>(text_[offset]) & 0xc0) == 0x80) {
      ++offset;
    }
  }
  return offset;
}

std::size_t TextEdits::line_start(std::size_t offset) const {
  return *std::prev(std::ranges::upper_bound(lines_, offset));
}

std::size_t TextEdits::line_end(std::size_t offset) const {
  return std::min(text_.find('\n', offset), text_.size());
}

void TextEdits::replace(std::size_t begin, std::size_t end, std::string with) {
  edits_.push_back({begin, end, std::move(with)});
}

std::string TextEdits::apply() const {
  std::vector<const Edit*> ordered;
  for (const Edit& edit : edits_) ordered.push_back(&edit);
  std::ranges::stable_sort(ordered, {}, [](const Edit* edit) { return edit->begin; });
  std::string result;
  std::size_t done = 0;
  for (const Edit* edit : ordered) {
    if (edit->begin > done) result += text_.substr(done, edit->begin - done);
    result += edit->with;
    done = std::max(done, edit->end);
  }
  return result.append(text_.substr(std::min(done, text_.size())));
}

}  // namespace sluice::control
