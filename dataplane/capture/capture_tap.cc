#include "dataplane/capture/capture_tap.h"

#include <algorithm>
#include <cstring>

namespace sluice::capture {
namespace {

// Enough for Ethernet, IPv6 with some extension headers, ICMP and the headers it quotes.
constexpr std::uint32_t kHeaders = 256;

// The first bytes of a frame, gathered in `scratch` when they lie in several buffers.
wire::Bytes front_of(const rte_mbuf& frame, std::span<std::uint8_t> scratch) {
  const auto size = std::min(frame.pkt_len, static_cast<std::uint32_t>(scratch.size()));
  const void* bytes = rte_pktmbuf_read(&frame, 0, size, scratch.data());
  if (bytes == nullptr) return {};
  return {static_cast<const std::uint8_t*>(bytes), size};
}

}  // namespace

void CaptureTap::received(port::PortId port, std::span<rte_mbuf* const> burst) {
  stage(port, Direction::kIn, burst);
  sent(port, burst.size());
}

void CaptureTap::sending(port::PortId port, std::span<rte_mbuf* const> burst) {
  stage(port, Direction::kOut, burst);
}

void CaptureTap::stage(port::PortId port, Direction direction, std::span<rte_mbuf* const> burst) {
  staged_count_ = 0;
  if (capture_->stopped.load(std::memory_order_relaxed)) {
    capture_.reset();
    return;
  }
  const Instant time = now_();
  std::uint32_t ahead = 0;
  for (std::size_t i = 0; i < burst.size() && i < staged_.size(); ++i) {
    std::array<std::uint8_t, kHeaders> scratch;
    const wire::Bytes front = front_of(*burst[i], scratch);
    if (!capture_->filter.matches(port, direction, front)) continue;
    const bool copied = copy(port, direction, *burst[i], time, ahead);
    if (copied) ++ahead;
    staged_[staged_count_++] = {i, !copied};
  }
}

// Returns whether there was room.
bool CaptureTap::copy(port::PortId port, Direction direction, const rte_mbuf& frame, Instant time,
                      std::uint32_t ahead) {
  Record* record = capture_->rings[worker_]->place(ahead);
  if (record == nullptr) return false;
  const auto size = std::min(frame.pkt_len, static_cast<std::uint32_t>(record->bytes.size()));
  const void* bytes = rte_pktmbuf_read(&frame, 0, size, record->bytes.data());
  if (bytes == nullptr) return false;
  if (bytes != record->bytes.data()) std::memcpy(record->bytes.data(), bytes, size);
  record->time = time;
  record->port = port;
  record->direction = direction;
  record->length = frame.pkt_len;
  record->bytes = record->bytes.first(size);
  return true;
}

void CaptureTap::sent(port::PortId port, std::size_t count) {
  if (capture_ == nullptr) return;
  std::uint32_t copied = 0;
  for (const Staged& staged : std::span(staged_).first(staged_count_)) {
    if (staged.frame >= count) break;
    if (staged.lost) {
      capture_->lost[worker_][port.index()].add();
    } else {
      ++copied;
    }
  }
  capture_->rings[worker_]->publish(copied);
  staged_count_ = 0;
}

}  // namespace sluice::capture
