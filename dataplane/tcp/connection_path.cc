#include <algorithm>

#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/segment_size.h"

namespace sluice::tcp {
namespace {

// Timeouts in a row before large segments are suspected to vanish, and before the next smaller size
// is tried.
constexpr std::uint8_t kTimeoutsBeforeSuspicion = 3;
constexpr std::uint8_t kTimeoutsBeforeNextSize = 2;
// Packets that pass nearly everywhere, and those that pass everywhere (RFC 8899 section 5.1.2 calls
// the former BASE_PLPMTU). IPv6 promises the former (RFC 8200 section 5).
constexpr std::uint16_t kBaseMtu = 1280;
constexpr std::uint16_t kLeastMtuV4 = 576;

}  // namespace

// The largest payload in packets of `mtu` bytes, our options considered.
std::uint16_t Connection::payload_within(std::uint16_t mtu) const {
  return static_cast<std::uint16_t>(std::max(mtu - packet_of(0), 1));
}

// The size of a packet with so much payload.
std::uint16_t Connection::packet_of(std::uint16_t payload) const {
  const std::uint16_t options = timestamps_ ? kTimestampOption : std::uint16_t{0};
  return static_cast<std::uint16_t>(headers_to(flow_.remote) + options + payload);
}

// RFC 1191 and RFC 8201. Only who sees our segments knows what is in flight (RFC 5927 section 4.1);
// a path that gets wider is found by time alone, never by a message.
void Connection::packet_too_big(SequenceNumber sequence, std::uint16_t mtu) {
  const bool in_flight = sequence >= send_unacknowledged_ && sequence < send_highest_;
  const bool narrower = payload_within(mtu) < segment_size_;
  if (!synchronized() || !in_flight || !narrower || !core_.path_mtu_changes.take()) {
    core_.counters.path_mtu_ignored.add();
    return;
  }
  core_.counters.path_mtu_reduced.add();
  core_.egress.note_path_mtu(flow_.remote, mtu);
  segment_size_ = payload_within(mtu);
  suspected_size_ = 0;  // the router has told
  if (recovery_ == nullptr) return;
  recovery_->on_path_narrowed(sequence);
  schedule();
}

// A path that drops large packets and whose routers do not say so (RFC 2923 section 2.1), found as
// RFC 4821 section 7.7 suggests: full-sized segments time out again and again. Called after each
// timeout, before anything is sent again.
void Connection::suspect_black_hole() {
  if (!core_.config.black_hole_detection || backoff_ < kTimeoutsBeforeSuspicion) return;
  if ((backoff_ - kTimeoutsBeforeSuspicion) % kTimeoutsBeforeNextSize != 0) return;
  const std::uint32_t lost =
      std::min<std::uint32_t>(send_highest_ - send_unacknowledged_, segment_size_);
  std::uint16_t size = payload_within(kBaseMtu);
  if (size >= segment_size_ && flow_.remote.is_v4()) size = payload_within(kLeastMtuV4);
  if (size >= lost) return;
  core_.counters.black_hole_probes.add();
  if (suspected_size_ == 0) suspected_size_ = segment_size_;
  segment_size_ = size;
}

// Something is acknowledged after segments were made smaller. If it is more than was sent again
// since, the large ones have arrived: it was an outage, or the ACKs were lost.
void Connection::conclude_black_hole(SequenceNumber acknowledgment) {
  if (recovery_ == nullptr) return;
  const auto not_sent_again = recovery_->board().first_lost();
  if (not_sent_again && acknowledgment > not_sent_again->begin) {
    segment_size_ = suspected_size_;
  } else {
    core_.counters.black_holes_found.add();
    core_.egress.note_path_mtu(flow_.remote, packet_of(segment_size_));
  }
  suspected_size_ = 0;
}

}  // namespace sluice::tcp
