#include "dataplane/worker/receiver.h"

#include <rte_mbuf.h>

#include <algorithm>

namespace sluice::worker {

Receiver::Receiver(std::uint32_t self, std::uint32_t workers, std::span<port::Port* const> ports,
                   port::Steering* steering, ip::Network& network,
                   std::span<port::Counters> counters, BurstHistogram& bursts,
                   capture::CaptureTap& tap)
    : self_(self),
      workers_(workers),
      steering_(steering),
      network_(network),
      counters_(counters),
      bursts_(bursts),
      tap_(tap) {
  for (port::Port* port : ports) {
    for (std::uint16_t queue = 0; queue < port->queues().queues(); ++queue) {
      if (port->queues().worker_of(queue) == self) queues_.push_back({port, queue});
    }
  }
}

std::size_t Receiver::receive() {
  std::size_t total = 0;
  behind_ = false;
  for (const Queue& queue : queues_) total += receive_from(queue);
  for (std::uint32_t from = 0; steering_ != nullptr && from < workers_; ++from) {
    if (from != self_) total += receive_handed_over(from);
  }
  return total;
}

std::size_t Receiver::receive_from(const Queue& queue) {
  std::array<rte_mbuf*, port::kBurst> packets;
  const std::size_t count =
      queue.port->receive(queue.number, packets.data(), static_cast<std::uint16_t>(packets.size()));
  if (count == 0) return 0;
  bursts_.add(count);
  behind_ = behind_ || count == packets.size();
  const port::PortId port = queue.port->id();
  port::Counters& counters = counters_[port.index()];
  std::uint64_t bytes = 0;
  for (const rte_mbuf* packet : std::span(packets.data(), count)) bytes += packet->pkt_len;
  counters.received_packets.add(count);
  counters.received_bytes.add(bytes);
  if (tap_.active()) [[unlikely]]
    tap_.received(port, {packets.data(), count});

  std::size_t own = count;
  if (steering_ != nullptr) own = steering_->sort(port, {packets.data(), count});
  deliver(port, {packets.data(), own});
  return count;
}

// What comes from one worker may have come in by several ports; the IP layer takes a burst of one.
std::size_t Receiver::receive_handed_over(std::uint32_t from) {
  std::array<rte_mbuf*, port::kBurst> packets;
  const std::size_t count = steering_->take(from, packets);
  if (count == 0) return 0;
  bursts_.add(count);
  behind_ = behind_ || count == packets.size();
  std::span<rte_mbuf*> rest(packets.data(), count);
  while (!rest.empty()) {
    const std::uint16_t port = rest.front()->port;
    const auto end = std::stable_partition(
        rest.begin(), rest.end(), [port](const rte_mbuf* packet) { return packet->port == port; });
    const auto same = static_cast<std::size_t>(end - rest.begin());
    deliver(port::PortId(port), rest.first(same));
    rest = rest.subspan(same);
  }
  return count;
}

void Receiver::deliver(port::PortId port, std::span<rte_mbuf* const> packets) {
  if (packets.empty()) return;
  for (std::size_t i = 0; i < packets.size(); ++i) frames_[i] = Packet(packets[i]);
  const std::span<Packet> frames(frames_.data(), packets.size());
  network_.receive(port, frames);
  for (Packet& frame : frames) frame.reset();
  while (auto whole = network_.take_reassembled()) {
    give_to_owner(whole->port, whole->frame.release());
  }
}

// A datagram put together here. It is whole now: it cannot come back as a fragment again and again.
void Receiver::give_to_owner(port::PortId port, rte_mbuf* packet) {
  if (steering_ == nullptr || steering_->sort(port, {&packet, 1}) == 1) deliver(port, {&packet, 1});
}

}  // namespace sluice::worker
