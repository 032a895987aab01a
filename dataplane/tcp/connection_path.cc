#include <algorithm>

#include "dataplane/tcp/connection.h"

namespace sluice::tcp {
namespace {

constexpr std::uint16_t kTimestampOption = 12;

}  // namespace

// The largest payload in packets of `mtu` bytes, our options considered.
std::uint16_t Connection::payload_within(std::uint16_t mtu) const {
  const int headers = (flow_.remote.is_v4() ? 20 : 40) + wire::TcpHeader::kMinimumSize +
                      (timestamps_ ? kTimestampOption : 0);
  return static_cast<std::uint16_t>(std::max(mtu - headers, 1));
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
  if (recovery_ == nullptr) return;
  recovery_->on_path_narrowed(sequence);
  arm_timer();
  schedule();
}

}  // namespace sluice::tcp
