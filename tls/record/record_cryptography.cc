#include "tls/record/record_cryptography.h"

namespace sluice::tls {

RecordCipher::Nonce next_nonce(Suite suite, const TrafficKeys& keys) {
  RecordCipher::Nonce nonce = keys.iv;
  const std::uint64_t sequence = keys.sequence();
  const bool is_explicit = suite.explicit_nonce_size() > 0;
  for (std::size_t i = 0; i < 8; ++i) {
    const auto byte = static_cast<std::uint8_t>(sequence >> (56 - 8 * i));
    nonce[4 + i] = is_explicit ? byte : static_cast<std::uint8_t>(nonce[4 + i] ^ byte);
  }
  return nonce;
}

std::array<std::uint8_t, kRecordHeaderSize> record_header(ContentType type, std::size_t fragment) {
  return {static_cast<std::uint8_t>(type), kRecordVersion >> 8, kRecordVersion & 0xff,
          static_cast<std::uint8_t>(fragment >> 8), static_cast<std::uint8_t>(fragment)};
}

AssociatedData::AssociatedData(Suite suite, std::uint64_t sequence, ContentType type,
                               std::size_t fragment, std::size_t plaintext) {
  if (!suite.tls13) {
    for (; size_ < 8; ++size_)
      room_[size_] = static_cast<std::uint8_t>(sequence >> (56 - 8 * size_));
  }
  for (const std::uint8_t byte : record_header(type, suite.tls13 ? fragment : plaintext)) {
    room_[size_++] = byte;
  }
}

}  // namespace sluice::tls
