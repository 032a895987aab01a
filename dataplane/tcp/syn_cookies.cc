#include "dataplane/tcp/syn_cookies.h"

#include <algorithm>

namespace sluice::tcp {
namespace {

// What peers offer in practice: no option or a dial-up line, IPv6's least MTU, tunnels, mobile
// networks, IPv6 and IPv4 over Ethernet. A peer's size is rounded down, never up.
constexpr std::array<std::uint16_t, 8> kSegmentSizes = {64,   536,  1220, 1300,
                                                        1360, 1400, 1440, 1460};

constexpr std::uint32_t kSizeMask = 0x7;
constexpr unsigned kPeriodShift = 3;
constexpr std::uint32_t kHashMask = 0xfffffff0;

constexpr std::uint32_t kTimestampMask = 0x3f;
constexpr std::uint32_t kNoScaling = 15;
constexpr std::uint32_t kSackBit = 0x10;
constexpr std::uint32_t kEcnBit = 0x20;
// Stands for the timestamps themselves among the facts that the hash covers.
constexpr std::uint32_t kTimestampsBit = 0x40;

std::uint32_t size_index(std::uint16_t segment_size) {
  const auto* above = std::upper_bound(kSegmentSizes.begin(), kSegmentSizes.end(), segment_size);
  return static_cast<std::uint32_t>(std::max<std::ptrdiff_t>(above - kSegmentSizes.begin(), 1) - 1);
}

std::uint32_t timestamp_bits(const Negotiated& negotiated) {
  return (negotiated.window_scaling ? negotiated.peer_window_shift : kNoScaling) |
         (negotiated.sack ? kSackBit : 0) | (negotiated.ecn ? kEcnBit : 0);
}

std::uint32_t tag(const HashKey& key, const wire::FlowKey& flow, SequenceNumber initial_receive,
                  std::uint32_t size, const Negotiated& negotiated) {
  struct {
    wire::FlowKey flow;
    std::uint32_t initial_receive;
    std::uint32_t facts;
  } input{flow, initial_receive.value(), size << 8};
  static_assert(sizeof input == 44, "no padding in what is hashed");
  if (negotiated.timestamps) input.facts |= timestamp_bits(negotiated) | kTimestampsBit;
  return static_cast<std::uint32_t>(keyed_hash(key, &input, sizeof input)) & kHashMask;
}

}  // namespace

SynCookies::Cookie SynCookies::make(const Segment& syn, const Negotiated& offered) {
  const std::int64_t now = period();
  Secret& secret = secrets_[static_cast<std::size_t>(now & 1)];
  if (secret.period != now) {
    renew(secret.key);
    secret.period = now;
  }
  Negotiated negotiated = offered;
  const std::uint32_t size = size_index(negotiated.peer_segment_size);
  negotiated.peer_segment_size = kSegmentSizes[size];
  if (!negotiated.timestamps) {
    negotiated.window_scaling = negotiated.sack = negotiated.ecn = false;
    negotiated.peer_window_shift = 0;
  }
  const std::uint32_t low = static_cast<std::uint32_t>(now & 1) << kPeriodShift | size;
  return {SequenceNumber(tag(secret.key, syn.flow, syn.sequence, size, negotiated) | low),
          negotiated};
}

std::uint32_t SynCookies::mark(std::uint32_t timestamp, const Negotiated& negotiated) {
  const std::uint32_t marked = (timestamp & ~kTimestampMask) | timestamp_bits(negotiated);
  return (marked & kTimestampMask) > (timestamp & kTimestampMask) ? marked - kTimestampMask - 1
                                                                  : marked;
}

bool SynCookies::outstanding() const {
  return valid(secrets_[0]) || valid(secrets_[1]);
}

std::optional<Negotiated> SynCookies::open(const Segment& ack) const {
  const std::uint32_t cookie = (ack.acknowledgment - 1U).value();
  const Secret& secret = secrets_[(cookie >> kPeriodShift) & 1];
  if (!valid(secret)) return {};
  const std::uint32_t size = cookie & kSizeMask;
  Negotiated negotiated;
  negotiated.peer_segment_size = kSegmentSizes[size];
  if (ack.options.timestamps) {
    const std::uint32_t bits = ack.options.timestamps->echo & kTimestampMask;
    const std::uint32_t shift = bits & ~(kSackBit | kEcnBit);
    negotiated.timestamps = true;
    negotiated.recent_timestamp = ack.options.timestamps->value;
    negotiated.sack = (bits & kSackBit) != 0;
    negotiated.ecn = (bits & kEcnBit) != 0;
    negotiated.window_scaling = shift != kNoScaling;
    negotiated.peer_window_shift = negotiated.window_scaling ? static_cast<std::uint8_t>(shift) : 0;
  }
  if (tag(secret.key, ack.flow, ack.sequence - 1U, size, negotiated) != (cookie & kHashMask)) {
    return {};
  }
  return negotiated;
}

}  // namespace sluice::tcp
