#include "dataplane/worker/transmitter.h"

#include <rte_mbuf.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace sluice::worker {

Transmitter::Transmitter(std::uint32_t self, std::uint32_t workers,
                         std::span<port::Port* const> ports, port::HandOffMesh* mesh,
                         PacketPool& pool, std::span<port::Counters> counters,
                         capture::CaptureTap& tap)
    : self_(self),
      workers_(workers),
      mesh_(mesh),
      pool_(pool),
      counters_(counters),
      tap_(tap),
      batches_(ports.size()) {
  filled_.reserve(ports.size());
  for (std::size_t i = 0; i < ports.size(); ++i) {
    Batch& batch = batches_[i];
    const port::Offloads& offloads = ports[i]->properties().offloads;
    batch.port = ports[i];
    batch.queue = ports[i]->queues().queue_of(self);
    batch.transmitter = ports[i]->queues().transmitter_for(self);
    batch.prepare = offloads.transmit_checksum || offloads.segmentation;
    batch.burst = ports[i]->transmit_burst();
    batch.longest_chain = ports[i]->longest_chain();
  }
}

Transmitter::~Transmitter() {
  for (const Batch& batch : batches_) {
    for (std::size_t i = 0; i < batch.count; ++i) rte_pktmbuf_free(batch.frames[i]);
  }
}

void Transmitter::transmit(port::PortId port, Packet frame) {
  Batch& batch = batches_[port.index()];
  const rte_mbuf& mbuf = *frame.get();
  const bool segmented = (mbuf.ol_flags & RTE_MBUF_F_TX_TCP_SEG) != 0;
  if (mbuf.nb_segs > batch.longest_chain && !segmented) frame = fitted(batch, std::move(frame));
  if (frame) add(batch, frame.release());
}

bool Transmitter::has_room(port::PortId port) const {
  const Batch& batch = batches_[port.index()];
  if (batch.count >= kMostData) return false;
  return batch.queue.has_value() ||
         mesh_->room(self_, batch.transmitter) >= batch.count + kMostData;
}

// A copy in one buffer of a frame whose chain is too long for the port; nothing, and counted, when
// it cannot be had.
Packet Transmitter::fitted(const Batch& batch, Packet frame) {
  Packet flat;
  std::uint8_t* to = nullptr;
  if (frame.size() <= PacketPool::kDataRoom) flat = pool_.allocate();
  if (flat) to = flat.append(static_cast<std::uint16_t>(frame.size()));
  if (to == nullptr) {
    counters_of(batch).transmit_refused.add();
    return {};
  }
  const rte_mbuf* from = frame.get();
  flat.get()->ol_flags = from->ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK;
  flat.get()->tx_offload = from->tx_offload;
  for (; from != nullptr; from = from->next) {
    std::memcpy(to, rte_pktmbuf_mtod(from, const std::uint8_t*), from->data_len);
    to += from->data_len;
  }
  return flat;
}

void Transmitter::add(Batch& batch, rte_mbuf* frame) {
  if (batch.count == 0) filled_.push_back(static_cast<std::size_t>(&batch - batches_.data()));
  if (batch.count >= port::kBurst && !batch.full) send(batch);
  if (batch.count == kMostWaiting) {
    counters_of(batch).transmit_drops.add();
    rte_pktmbuf_free(frame);
    return;
  }
  batch.frames[batch.count++] = frame;
}

std::size_t Transmitter::collect() {
  std::size_t total = 0;
  for (std::uint32_t from = 0; mesh_ != nullptr && from < workers_; ++from) {
    if (from == self_) continue;
    std::array<rte_mbuf*, port::kBurst> frames;
    const std::size_t count = mesh_->take(from, self_, frames);
    for (std::size_t i = 0; i < count; ++i) add(batches_[frames[i]->port], frames[i]);
    total += count;
  }
  return total;
}

std::size_t Transmitter::flush() {
  std::size_t total = 0;
  for (const std::size_t index : filled_) {
    batches_[index].full = false;
    total += send(batches_[index]);
  }
  std::erase_if(filled_, [this](std::size_t index) { return batches_[index].count == 0; });
  return total;
}

// Returns how many frames have left.
std::size_t Transmitter::send(Batch& batch) {
  return batch.queue ? send_on_own_queue(batch) : give_to_transmitter(batch);
}

std::size_t Transmitter::send_on_own_queue(Batch& batch) {
  std::span<rte_mbuf*> rest(batch.frames.data(), batch.count);
  std::size_t left = 0;
  while (!rest.empty() && !batch.full) {
    const std::span<rte_mbuf*> burst = rest.first(std::min(rest.size(), batch.burst));
    auto ready = static_cast<std::uint16_t>(burst.size());
    if (batch.prepare) ready = batch.port->prepare(*batch.queue, burst.data(), ready);
    const std::uint16_t sent = send_burst(batch, burst.first(ready));
    left += sent;
    batch.full = sent < ready;
    const bool refused = ready < burst.size() && !batch.full;
    if (refused) {
      counters_of(batch).transmit_refused.add();
      rte_pktmbuf_free(burst[ready]);
    }
    rest = rest.subspan(sent + (refused ? 1U : 0U));
  }
  keep(batch, rest);
  return left;
}

// Returns how many of them the port has taken.
std::uint16_t Transmitter::send_burst(const Batch& batch, std::span<rte_mbuf*> burst) {
  // Its length must be read before the port may free a frame.
  std::uint64_t bytes = 0;
  for (const rte_mbuf* frame : burst) bytes += frame->pkt_len;
  const auto count = static_cast<std::uint16_t>(burst.size());
  const bool tapped = tap_.active();
  if (tapped) [[unlikely]]
    tap_.sending(batch.port->id(), burst);
  const std::uint16_t sent = batch.port->transmit(*batch.queue, burst.data(), count);
  if (tapped) [[unlikely]]
    tap_.sent(batch.port->id(), sent);
  for (const rte_mbuf* frame : burst.subspan(sent)) bytes -= frame->pkt_len;
  counters_of(batch).transmitted_packets.add(sent);
  counters_of(batch).transmitted_bytes.add(bytes);
  return sent;
}

// What was not sent waits; behind a link that is down it would be old when it left.
void Transmitter::keep(Batch& batch, std::span<rte_mbuf*> rest) {
  if (!rest.empty() && !batch.port->link().up()) {
    for (rte_mbuf* frame : rest) rte_pktmbuf_free(frame);
    counters_of(batch).transmit_drops.add(rest.size());
    rest = {};
  }
  if (rest.data() != batch.frames.data()) std::ranges::copy(rest, batch.frames.begin());
  batch.count = rest.size();
}

std::size_t Transmitter::give_to_transmitter(Batch& batch) {
  const std::span<rte_mbuf*> frames(batch.frames.data(), batch.count);
  for (rte_mbuf* frame : frames) frame->port = batch.port->id().value();
  const std::size_t given = mesh_->give(self_, batch.transmitter, frames);
  for (rte_mbuf* frame : frames.subspan(given)) rte_pktmbuf_free(frame);
  counters_of(batch).transmit_handed_off.add(given);
  counters_of(batch).transmit_hand_off_drops.add(frames.size() - given);
  batch.count = 0;
  return given;
}

}  // namespace sluice::worker
