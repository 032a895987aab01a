#include "http/chunked_encoder.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

namespace sluice::http {
namespace {

bool append_text(ByteChain& output, std::string_view text, PacketPool& pool) {
  return output.append_copy({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                            pool);
}

}  // namespace

bool append_chunk(ByteChain& output, ByteChain data, PacketPool& pool) {
  if (data.empty()) return true;
  std::array<char, 18> line;
  char* end = std::to_chars(line.data(), line.data() + 16, data.size(), 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  if (!append_text(output, {line.data(), static_cast<std::size_t>(end - line.data())}, pool)) {
    return false;
  }
  output.append(std::move(data));
  return append_text(output, "\r\n", pool);
}

bool append_last_chunk(ByteChain& output, PacketPool& pool) {
  return append_text(output, "0\r\n\r\n", pool);
}

}  // namespace sluice::http
