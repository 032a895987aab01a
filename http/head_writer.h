#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/buffer/byte_chain.h"

namespace sluice::http {

/// Writes text into packet buffers, one after the other.
class HeadWriter {
 public:
  explicit HeadWriter(PacketPool& pool) : pool_(pool) {}

  HeadWriter& text(std::string_view text);
  HeadWriter& number(std::uint64_t value);
  /// "name: value CRLF"
  HeadWriter& field(std::string_view name, std::string_view value) {
    return text(name).text(": ").text(value).text("\r\n");
  }

  /// What was written; empty when buffers ran out on the way.
  [[nodiscard]] ByteChain take();

 private:
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
