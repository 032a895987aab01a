#include "http/head_syntax.h"

#include <cstddef>
#include <cstdint>

#include "http/characters.h"

namespace sluice::http {
namespace {

constexpr bool is_forbidden(std::uint8_t c) {
  return (c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f;
}

// Says what is wrong with a head that is known to be: not on the path of good requests.
HeadError first_fault(std::string_view head) {
  for (std::size_t i = 0; i < head.size(); ++i) {
    const char c = head[i];
    const char next = i + 1 < head.size() ? head[i + 1] : '\0';
    if (is_forbidden(static_cast<std::uint8_t>(c))) return HeadError::kBadOctet;
    if (c == '\r' && next != '\n') return HeadError::kBareLineEnd;
    if (c == '\n' && (i == 0 || head[i - 1] != '\r')) return HeadError::kBareLineEnd;
    if (c == '\n' && is_optional_whitespace(next)) return HeadError::kFolded;
  }
  return HeadError::kBareLineEnd;
}

}  // namespace

// One pass without branches, that the compiler turns into vector instructions.
HeadError check_octets(std::string_view head) {
  const auto* octets = reinterpret_cast<const std::uint8_t*>(head.data());
  const std::size_t pairs = head.size() - 1;
  std::uint8_t bad = static_cast<std::uint8_t>(octets[0] == '\n' || octets[pairs] == '\r' ||
                                               is_forbidden(octets[pairs]));
  for (std::size_t i = 0; i < pairs; ++i) {
    const std::uint8_t c = octets[i];
    const std::uint8_t next = octets[i + 1];
    const auto control =
        static_cast<std::uint8_t>((c < 0x20) & (c != '\t') & (c != '\r') & (c != '\n'));
    const auto unpaired = static_cast<std::uint8_t>((c == '\r') != (next == '\n'));
    const auto folded = static_cast<std::uint8_t>((c == '\n') & ((next == ' ') | (next == '\t')));
    bad = static_cast<std::uint8_t>(bad | control | (c == 0x7f) | unpaired | folded);
  }
  return bad == 0 ? HeadError::kNone : first_fault(head);
}

bool LineWalk::next(std::string_view name, std::string_view& value) {
  if (name.data() != at_ || !is_token(name)) return false;
  at_ += name.size();
  if (at_ == end_ || *at_ != ':') return false;
  ++at_;
  while (at_ != end_ && is_optional_whitespace(*at_)) ++at_;
  if (!value.empty()) {
    if (value.data() != at_) return false;
    at_ += value.size();
  }
  while (at_ != end_ && is_optional_whitespace(*at_)) ++at_;
  if (end_ - at_ < 2 || at_[0] != '\r' || at_[1] != '\n') return false;
  at_ += 2;
  while (!value.empty() && is_optional_whitespace(value.back())) value.remove_suffix(1);
  return true;
}

bool LineWalk::at_end() const {
  return end_ - at_ == 2 && at_[0] == '\r' && at_[1] == '\n';
}

}  // namespace sluice::http
