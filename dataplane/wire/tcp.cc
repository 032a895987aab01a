#include "dataplane/wire/tcp.h"

#include <algorithm>

namespace sluice::wire {
namespace {

enum OptionKind : std::uint8_t {
  kEndOfList = 0,
  kNoOperation = 1,
  kMaximumSegmentSize = 2,
  kWindowScale = 3,
  kSackPermitted = 4,
  kSack = 5,
  kTimestamps = 8,
};

constexpr std::uint8_t kLargestShift = 14;
constexpr std::size_t kSackBlockSize = 8;

void read_sack(SackBlocks& blocks, Bytes option) {
  if ((option.size() - 2) % kSackBlockSize != 0) return;
  for (std::size_t at = 2; at < option.size(); at += kSackBlockSize) {
    blocks.add({load_be32(&option[at]), load_be32(&option[at + 4])});
  }
}

void read_option(TcpOptions& options, Bytes option) {
  switch (option[0]) {
    case kMaximumSegmentSize:
      if (option.size() == 4) options.maximum_segment_size = load_be16(&option[2]);
      break;
    case kWindowScale:
      if (option.size() == 3) options.window_scale = std::min(option[2], kLargestShift);
      break;
    case kSackPermitted:
      if (option.size() == 2) options.sack_permitted = true;
      break;
    case kSack:
      read_sack(options.sack, option);
      break;
    case kTimestamps:
      if (option.size() == 10) {
        options.timestamps = {{load_be32(&option[2]), load_be32(&option[6])}};
      }
      break;
    default:
      break;
  }
}

}  // namespace

void write_tcp_header(std::uint8_t* out, const TcpHeaderFields& fields, std::size_t options_size) {
  store_be16(out, fields.source_port);
  store_be16(out + 2, fields.destination_port);
  store_be32(out + 4, fields.sequence);
  store_be32(out + 8, fields.acknowledgment);
  out[12] = static_cast<std::uint8_t>((TcpHeader::kMinimumSize + options_size) / 4 << 4);
  out[13] = fields.flags;
  store_be16(out + 14, fields.window);
  store_be16(out + 16, 0);  // checksum
  store_be16(out + 18, 0);  // urgent pointer
}

TcpOptions TcpOptions::parse(Bytes options) {
  TcpOptions result;
  while (!options.empty() && options[0] != kEndOfList) {
    if (options[0] == kNoOperation) {
      options = options.subspan(1);
      continue;
    }
    if (options.size() < 2) break;
    const std::size_t size = options[1];
    if (size < 2 || size > options.size()) break;
    read_option(result, options.first(size));
    options = options.subspan(size);
  }
  return result;
}

std::size_t TcpOptions::size() const {
  return (maximum_segment_size ? 4U : 0U) + (window_scale ? 4U : 0U) + (timestamps ? 12U : 0U) +
         (sack_permitted && !timestamps ? 4U : 0U) +
         (sack.empty() ? 0U : 4U + sack.size() * kSackBlockSize);
}

// SACK-permitted takes the place of the two NOPs that align the timestamps.
void TcpOptions::write(std::uint8_t* out) const {
  if (maximum_segment_size) {
    *out++ = kMaximumSegmentSize;
    *out++ = 4;
    store_be16(out, *maximum_segment_size);
    out += 2;
  }
  if (sack_permitted) {
    *out++ = kSackPermitted;
    *out++ = 2;
  }
  if (sack_permitted != timestamps.has_value()) {
    *out++ = kNoOperation;
    *out++ = kNoOperation;
  }
  if (timestamps) {
    *out++ = kTimestamps;
    *out++ = 10;
    store_be32(out, timestamps->value);
    store_be32(out + 4, timestamps->echo);
    out += 8;
  }
  if (window_scale) {
    *out++ = kNoOperation;
    *out++ = kWindowScale;
    *out++ = 3;
    *out++ = *window_scale;
  }
  if (sack.empty()) return;
  *out++ = kNoOperation;
  *out++ = kNoOperation;
  *out++ = kSack;
  *out++ = static_cast<std::uint8_t>(2 + sack.size() * kSackBlockSize);
  for (const SackBlock& block : sack.all()) {
    store_be32(out, block.begin);
    store_be32(out + 4, block.end);
    out += kSackBlockSize;
  }
}

}  // namespace sluice::wire
