#include "dataplane/port/steering.h"

#include <rte_mbuf.h>
#include <rte_prefetch.h>

#include "dataplane/wire/frame_flow.h"

namespace sluice::port {
namespace {

std::span<const std::uint8_t> first_buffer_of(const rte_mbuf& packet) {
  return {rte_pktmbuf_mtod(&packet, const std::uint8_t*), packet.data_len};
}

}  // namespace

Steering::Steering(std::uint32_t self, std::uint32_t workers, const HashKey& flow_key,
                   HandOffMesh& mesh, PacketPool& pool, std::span<Counters> counters)
    : self_(self),
      workers_(workers),
      flow_key_(flow_key),
      mesh_(mesh),
      pool_(pool),
      counters_(counters),
      outboxes_(workers) {}

std::size_t Steering::sort(PortId port, std::span<rte_mbuf*> burst) {
  if (workers_ == 1) return burst.size();
  for (rte_mbuf* packet : burst) rte_prefetch0(rte_pktmbuf_mtod(packet, void*));
  std::size_t own = 0;
  for (rte_mbuf* packet : burst) {
    if (is_own(port, *packet)) burst[own++] = packet;
  }
  give_outboxes(counters_[port.index()]);
  return own;
}

// What is not, is in an outbox afterwards.
bool Steering::is_own(PortId port, rte_mbuf& packet) {
  const wire::FrameFlow found = wire::frame_flow(first_buffer_of(packet));
  switch (found.target) {
    case wire::FrameTarget::kHere:
      return true;
    case wire::FrameTarget::kEveryone:
      copy_to_others(port, packet);
      return true;
    case wire::FrameTarget::kFlow:
      break;
  }
  const std::uint32_t owner = wire::owner_of(wire::flow_hash(flow_key_, found.flow), workers_);
  if (owner == self_) return true;
  put(owner, port, packet);
  return false;
}

// A packet goes to a worker once at most, so that an outbox never holds more than a burst.
void Steering::put(std::uint32_t worker, PortId port, rte_mbuf& packet) {
  packet.port = port.value();
  Outbox& outbox = outboxes_[worker];
  outbox.packets[outbox.count++] = &packet;
}

// Copies, since every receiver may write into its packet. They are small.
void Steering::copy_to_others(PortId port, const rte_mbuf& packet) {
  Counters& counters = counters_[port.index()];
  const auto bytes = first_buffer_of(packet);
  for (std::uint32_t worker = 0; worker < workers_; ++worker) {
    if (worker == self_) continue;
    Packet copy = packet.next == nullptr ? pool_.copy(bytes) : Packet();
    if (copy) {
      put(worker, port, *copy.release());
      counters.copied.add();
    } else {
      counters.copy_failures.add();
    }
  }
}

void Steering::give_outboxes(Counters& counters) {
  for (std::uint32_t worker = 0; worker < workers_; ++worker) {
    Outbox& outbox = outboxes_[worker];
    if (outbox.count == 0) continue;
    const std::span<rte_mbuf*> packets(outbox.packets.data(), outbox.count);
    const std::size_t given = mesh_.give(self_, worker, packets);
    counters.handed_off.add(given);
    counters.hand_off_drops.add(packets.size() - given);
    for (rte_mbuf* packet : packets.subspan(given)) rte_pktmbuf_free(packet);
    outbox.count = 0;
  }
}

}  // namespace sluice::port
