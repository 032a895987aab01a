#include "http/head_syntax.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "http/characters.h"

namespace sluice::http {
namespace {

constexpr bool is_forbidden(std::uint8_t c) {
  return (c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f;
}

// Whether an octet is one that may not stand where it does, given the next one.
constexpr bool is_fault(std::uint8_t c, std::uint8_t next) {
  return is_forbidden(c) || (c == '\r') != (next == '\n') ||
         (c == '\n' && (next == ' ' || next == '\t'));
}

// The same for a block of octets at once, in vector registers of whatever size the machine has.
constexpr std::size_t kBlock = 32;
using Block = std::uint8_t __attribute__((vector_size(kBlock)));

Block faults_of(const std::uint8_t* octets) {
  Block c;
  Block next;
  std::memcpy(&c, octets, kBlock);
  std::memcpy(&next, octets + 1, kBlock);
  const auto line_feed = c == '\n';
  const auto carriage_return = c == '\r';
  const auto control = (c < 0x20) & (c != '\t') & ~line_feed & ~carriage_return;
  const auto folded = line_feed & ((next == ' ') | (next == '\t'));
  return reinterpret_cast<Block>(control | (c == 0x7f) | folded |
                                 (carriage_return ^ (next == '\n')));
}

bool any(const Block& block) {
  std::uint64_t words[kBlock / sizeof(std::uint64_t)];
  std::memcpy(words, &block, sizeof words);
  return (words[0] | words[1] | words[2] | words[3]) != 0;
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

HeadError check_octets(std::string_view head) {
  const auto* octets = reinterpret_cast<const std::uint8_t*>(head.data());
  const std::size_t last = head.size() - 1;
  bool bad = octets[0] == '\n' || octets[last] == '\r' || is_forbidden(octets[last]);
  // Blocks of octets that have a successor; the final block overlaps the one before it.
  std::size_t at = 0;
  if (last >= kBlock) {
    Block faults{};
    for (; at + kBlock <= last; at += kBlock) faults |= faults_of(octets + at);
    faults |= faults_of(octets + last - kBlock);
    at = last;
    bad |= any(faults);
  }
  for (; at < last; ++at) bad |= is_fault(octets[at], octets[at + 1]);
  return bad ? first_fault(head) : HeadError::kNone;
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
