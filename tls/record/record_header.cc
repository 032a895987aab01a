#include "tls/record/record_header.h"

namespace sluice::tls {
namespace {

// TLS 1.2 allows more (RFC 5246 section 6.2.3), but no AEAD needs it.
constexpr std::size_t kMaxGrowth = 256;

}  // namespace

RecordHeader read_record_header(const ByteChain& bytes) {
  std::array<std::uint8_t, kRecordHeaderSize> raw;
  bytes.copy_out(0, raw);
  return {.type = raw[0],
          .version = static_cast<std::uint16_t>(raw[1] << 8 | raw[2]),
          .size = static_cast<std::uint16_t>(raw[3] << 8 | raw[4])};
}

std::optional<Alert> refusal_of(Suite suite, const RecordHeader& header) {
  const std::size_t least = suite.explicit_nonce_size() + kTagSize + (suite.tls13 ? 1 : 0);
  if (header.version != kRecordVersion) return Alert::kProtocolVersion;
  if (header.size > kMaxPlaintext + kMaxGrowth) return Alert::kRecordOverflow;
  const auto type = static_cast<ContentType>(header.type);
  const bool expected =
      type == ContentType::kApplicationData ||
      (!suite.tls13 && (type == ContentType::kAlert || type == ContentType::kHandshake));
  if (!expected) return Alert::kUnexpectedMessage;
  if (header.size < least) return Alert::kBadRecordMac;
  return std::nullopt;
}

}  // namespace sluice::tls
