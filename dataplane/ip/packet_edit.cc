#include "dataplane/ip/packet_edit.h"

#include <algorithm>
#include <cstring>

namespace sluice::ip {
namespace {

bool is_writable(const rte_mbuf& mbuf) {
  return rte_mbuf_refcnt_read(&mbuf) == 1 && !RTE_MBUF_CLONED(&mbuf);
}

// Moves bytes from the buffers behind the first one to its end; the emptied ones are freed.
void draw_forward(rte_mbuf& first, std::uint16_t size) {
  while (size > 0) {
    rte_mbuf& next = *first.next;
    const std::uint16_t piece = std::min(size, next.data_len);
    std::memcpy(rte_pktmbuf_mtod_offset(&first, std::uint8_t*, first.data_len),
                rte_pktmbuf_mtod(&next, const std::uint8_t*), piece);
    first.data_len = static_cast<std::uint16_t>(first.data_len + piece);
    next.data_off = static_cast<std::uint16_t>(next.data_off + piece);
    next.data_len = static_cast<std::uint16_t>(next.data_len - piece);
    size = static_cast<std::uint16_t>(size - piece);
    if (next.data_len == 0) {
      first.next = next.next;
      --first.nb_segs;
      rte_pktmbuf_free_seg(&next);
    }
  }
}

}  // namespace

void truncate(Packet& packet, std::uint32_t size) {
  rte_mbuf* first = packet.get();
  if (size >= first->pkt_len) return;
  std::uint32_t rest = size;
  std::uint16_t buffers = 1;
  rte_mbuf* last = first;
  while (rest > last->data_len) {
    rest -= last->data_len;
    last = last->next;
    ++buffers;
  }
  last->data_len = static_cast<std::uint16_t>(rest);
  if (last->next != nullptr) rte_pktmbuf_free(std::exchange(last->next, nullptr));
  first->nb_segs = buffers;
  first->pkt_len = size;
}

bool pull_up(Packet& packet, std::uint16_t size) {
  rte_mbuf& first = *packet.get();
  const auto wanted = static_cast<std::uint16_t>(std::min<std::uint32_t>(size, first.pkt_len));
  if (first.data_len >= wanted) return true;
  const auto missing = static_cast<std::uint16_t>(wanted - first.data_len);
  if (!is_writable(first) || rte_pktmbuf_tailroom(&first) < missing) return false;
  draw_forward(first, missing);
  return true;
}

bool flatten(Packet& packet, PacketPool& pool) {
  const rte_mbuf& from = *packet.get();
  if (from.pkt_len > PacketPool::kDataRoom) return false;
  Packet flat = pool.allocate();
  if (!flat) return false;
  std::uint8_t* out = flat.append(static_cast<std::uint16_t>(from.pkt_len));
  for (const rte_mbuf* mbuf = &from; mbuf != nullptr; mbuf = mbuf->next) {
    std::memcpy(out, rte_pktmbuf_mtod(mbuf, const std::uint8_t*), mbuf->data_len);
    out += mbuf->data_len;
  }
  flat.get()->ol_flags |= from.ol_flags & RTE_MBUF_F_TX_OFFLOAD_MASK;
  flat.get()->tx_offload = from.tx_offload;
  packet = std::move(flat);
  return true;
}

}  // namespace sluice::ip
