#include "http/head_writer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::http {

HeadWriter& HeadWriter::text_over_buffers(std::string_view text) {
  while (!text.empty()) {
    if (room() == 0 && !next_buffer()) return *this;
    const std::size_t size = std::min(room(), text.size());
    std::memcpy(at_, text.data(), size);
    at_ += size;
    text.remove_prefix(size);
  }
  return *this;
}

HeadWriter& HeadWriter::number_over_buffers(std::uint64_t value) {
  std::array<char, kLongestNumber> digits;
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
