#include "tls/record/post_handshake_reader.h"

#include <algorithm>
#include <cstddef>

namespace sluice::tls {
namespace {

constexpr std::uint8_t kNewSessionTicket = 4;
constexpr std::uint8_t kKeyUpdate = 24;

}  // namespace

PostHandshakeReader::Result PostHandshakeReader::read(const ByteChain& plaintext, bool as_client) {
  Result result;
  if (plaintext.empty()) result.refused = Alert::kUnexpectedMessage;
  for (const rte_mbuf* buffer = plaintext.head(); buffer != nullptr; buffer = buffer->next) {
    const auto* bytes = rte_pktmbuf_mtod(buffer, const std::uint8_t*);
    for (std::size_t at = 0; at < buffer->data_len && !result.refused;) {
      // What follows a key update would be protected with other keys (RFC 8446 section 5.1).
      if (result.key_updated) result.refused = Alert::kUnexpectedMessage;
      const auto skipped = std::min<std::size_t>(to_skip_, buffer->data_len - at);
      to_skip_ -= static_cast<std::uint32_t>(skipped);
      at += skipped;
      if (at < buffer->data_len && !result.refused) take(bytes[at++], as_client, result);
    }
  }
  return result;
}

void PostHandshakeReader::take(std::uint8_t byte, bool as_client, Result& result) {
  start_[size_++] = byte;
  if (size_ < kHeaderSize) return;
  if (size_ == kHeaderSize) {
    read_header(as_client, result);
    return;
  }
  size_ = 0;
  if (byte > 1) {
    result.refused = Alert::kIllegalParameter;
    return;
  }
  result.key_updated = true;
  result.update_requested = byte == 1;
}

void PostHandshakeReader::read_header(bool as_client, Result& result) {
  const std::uint32_t body =
      std::uint32_t{start_[1]} << 16 | std::uint32_t{start_[2]} << 8 | start_[3];
  if (start_[0] == kKeyUpdate) {
    if (body != 1) result.refused = Alert::kDecodeError;
  } else if (start_[0] == kNewSessionTicket && as_client) {
    to_skip_ = body;
    size_ = 0;
  } else {
    result.refused = Alert::kUnexpectedMessage;
  }
}

}  // namespace sluice::tls
