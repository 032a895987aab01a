#include "http/head_reader.h"

#include <cstring>
#include <utility>

namespace sluice::http {
namespace {

std::string_view text_of(const ByteChain& chain) {
  const auto bytes = chain.front();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

HeadReader::Status too_long(std::string_view head, std::size_t limit) {
  return head.find('\n') < limit ? HeadReader::Status::kTooLong : HeadReader::Status::kLineTooLong;
}

}  // namespace

// Looks for line ends from `from` on; what lies before it is known to have none but those before
// `line_begin`.
HeadReader::Scan HeadReader::scan(std::string_view bytes, std::size_t from,
                                  std::size_t line_begin) {
  Scan result{.line_begin = line_begin};
  while (from < bytes.size()) {
    const void* found = std::memchr(bytes.data() + from, '\n', bytes.size() - from);
    if (found == nullptr) break;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == 0 || bytes[at - 1] != '\r') {
      result.bare_line_end = true;
      break;
    }
    if (at - 1 == result.line_begin) {
      result.end = at + 1;
      break;
    }
    result.line_begin = from = at + 1;
  }
  return result;
}

// False when there are too many.
bool HeadReader::skip_empty_lines(ByteChain& input) {
  for (;;) {
    const std::string_view bytes = text_of(input);
    if (collected_.empty() && bytes.starts_with("\r\n")) {
      input.drop_front(2);
    } else if (collected_.empty() && bytes == "\r") {
      collected_ = "\r";
      input.drop_front(1);
      continue;
    } else if (collected_ == "\r" && bytes.starts_with('\n')) {
      collected_.clear();
      input.drop_front(1);
    } else {
      return true;
    }
    if (++empty_lines_ > kEmptyLinesAllowed) return false;
  }
}

HeadReader::Status HeadReader::read(ByteChain& input, std::size_t limit, bool skip_lines) {
  if (complete_ || in_place_ != 0) return Status::kComplete;
  if (skip_lines && !skip_empty_lines(input)) return Status::kEmptyLines;
  if (input.empty()) return Status::kIncomplete;
  if (collected_.empty()) {
    const Scan found = scan(text_of(input), 0, 0);
    if (found.bare_line_end) return Status::kBareLineEnd;
    if (found.end > limit) return too_long(text_of(input), limit);
    if (found.end != 0) {
      in_place_ = static_cast<std::uint32_t>(found.end);
      return Status::kComplete;
    }
  }
  return collect(input, limit);
}

HeadReader::Status HeadReader::collect(ByteChain& input, std::size_t limit) {
  while (!input.empty()) {
    const std::string_view piece = text_of(input);
    const std::size_t before = collected_.size();
    collected_.append(piece);
    const Scan found = scan(collected_, before, line_begin_);
    if (found.bare_line_end) return Status::kBareLineEnd;
    line_begin_ = found.line_begin;
    if (found.end != 0 && found.end <= limit) {
      collected_.resize(found.end);
      input.drop_front(found.end - before);
      complete_ = true;
      return Status::kComplete;
    }
    if (collected_.size() >= limit) return too_long(collected_, limit);
    input.drop_front(piece.size());
  }
  return Status::kIncomplete;
}

std::string_view HeadReader::so_far(const ByteChain& input) const {
  return collected_.empty() && !input.empty() ? text_of(input) : std::string_view(collected_);
}

std::string_view HeadReader::head(const ByteChain& input) const {
  return complete_ ? std::string_view(collected_) : text_of(input).substr(0, in_place_);
}

HeadBytes HeadReader::take(ByteChain& input, PacketPool& pool) {
  if (complete_) {
    HeadBytes head(std::move(collected_));
    reset();
    return head;
  }
  ByteChain buffer;
  const std::uint32_t size = std::exchange(in_place_, 0);
  empty_lines_ = 0;
  if (input.move_front(size, buffer, pool)) return HeadBytes(std::move(buffer));
  std::string copy(text_of(input).substr(0, size));  // without a buffer left, memory still serves
  input.drop_front(size);
  return HeadBytes(std::move(copy));
}

void HeadReader::drop(ByteChain& input) {
  input.drop_front(std::exchange(in_place_, 0));
  empty_lines_ = 0;
  if (complete_) reset();
}

// Gives the memory back: most connections never need it again.
void HeadReader::reset() {
  collected_ = std::string();
  line_begin_ = 0;
  complete_ = false;
  empty_lines_ = 0;
}

}  // namespace sluice::http
