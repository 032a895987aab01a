#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "dataplane/buffer/byte_chain.h"

namespace sluice::http {

/// Writes text into packet buffers, one after the other.
class HeadWriter {
 public:
  explicit HeadWriter(PacketPool& pool) : pool_(pool) {}

  // Inline, as is number(): a head is some thirty short texts, most of a length that is known here,
  // and calls to copy each of them were a tenth of what a request costs.
  HeadWriter& text(std::string_view text) {
    if (text.empty()) return *this;
    if (text.size() > room()) return text_over_buffers(text);
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
    return *this;
  }

  HeadWriter& number(std::uint64_t value) {
    if (room() < kLongestNumber) return number_over_buffers(value);
    at_ = std::to_chars(at_, end_, value).ptr;
    return *this;
  }

  /// "name: value CRLF"
  HeadWriter& field(std::string_view name, std::string_view value) {
    return text(name).text(": ").text(value).text("\r\n");
  }

  /// What was written; empty when buffers ran out on the way.
  [[nodiscard]] ByteChain take();

 private:
  static constexpr std::size_t kLongestNumber = 20;

  [[nodiscard]] std::size_t room() const { return static_cast<std::size_t>(end_ - at_); }
  HeadWriter& text_over_buffers(std::string_view text);
  HeadWriter& number_over_buffers(std::uint64_t value);
  bool next_buffer();
  void commit();

  PacketPool& pool_;
  ByteChain written_;
  Packet buffer_;
  char* at_ = nullptr;  // where the next octet goes in buffer_
  char* end_ = nullptr;
  bool failed_ = false;
};

}  // namespace sluice::http
