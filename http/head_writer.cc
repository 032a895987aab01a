#include "http/head_writer.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <utility>

namespace sluice::http {

HeadWriter& HeadWriter::text(std::string_view text) {
  while (!text.empty()) {
    const auto room = static_cast<std::size_t>(end_ - at_);
    if (room == 0) {
      if (!next_buffer()) return *this;
      continue;
    }
    const std::size_t size = std::min(room, text.size());
    std::memcpy(at_, text.data(), size);
    at_ += size;
    text.remove_prefix(size);
  }
  return *this;
}

HeadWriter& HeadWriter::number(std::uint64_t value) {
  std::array<char, 20> digits;
  const char* end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  return text({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

bool HeadWriter::next_buffer() {
  if (failed_) return false;
  commit();
  buffer_ = pool_.allocate();
  if (!buffer_) {
    failed_ = true;
    return false;
  }
  at_ = reinterpret_cast<char*>(buffer_.front().data());
  end_ = at_ + buffer_.tailroom();
  return true;
}

void HeadWriter::commit() {
  if (!buffer_) return;
  const auto size = at_ - reinterpret_cast<char*>(buffer_.front().data());
  (void)buffer_.append(static_cast<std::uint16_t>(size));
  written_.append(std::move(buffer_));
  at_ = end_ = nullptr;
}

ByteChain HeadWriter::take() {
  commit();
  if (failed_) written_.clear();
  return std::move(written_);
}

}  // namespace sluice::http
