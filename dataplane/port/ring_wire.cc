#include "dataplane/port/ring_wire.h"

#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_ring.h>

#include <stdexcept>

namespace sluice::port {

void RingDeleter::operator()(rte_ring* ring) const {
  rte_ring_free(ring);
}

void drain_ring(rte_ring* ring) {
  void* packet = nullptr;
  while (rte_ring_sc_dequeue(ring, &packet) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
}

RingPointer make_ring(const std::string& name, std::uint32_t size) {
  RingPointer ring(
      rte_ring_create(name.c_str(), size, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ));
  if (!ring) {
    throw std::runtime_error("cannot make ring " + name + ": " + rte_strerror(rte_errno));
  }
  return ring;
}

struct RingWires::Wire {
  std::vector<RingPointer> forth;  // from the first end to the second
  std::vector<RingPointer> back;
  int ends = 0;
};

RingWires::RingWires() = default;
RingWires::~RingWires() = default;

void RingWires::End::drain() const {
  for (rte_ring* ring : receive) drain_ring(ring);
  for (rte_ring* ring : transmit) drain_ring(ring);
}

RingWires::End RingWires::connect(const std::string& name, std::uint16_t queues) {
  std::unique_ptr<Wire>& wire = wires_[name];
  if (!wire) {
    wire = std::make_unique<Wire>();
    for (std::uint16_t queue = 0; queue < queues; ++queue) {
      const std::string suffix = name + '-' + std::to_string(queue);
      wire->forth.push_back(make_ring("f-" + suffix, kRingSize));
      wire->back.push_back(make_ring("b-" + suffix, kRingSize));
    }
  }
  if (wire->ends == 2) throw std::runtime_error("both ends of the wire are in use already");
  if (wire->forth.size() != queues) {
    throw std::runtime_error("the other end has " + std::to_string(wire->forth.size()) +
                             " queues; give both the same ,queues=N");
  }
  End end;
  end.first = ++wire->ends == 1;
  for (std::size_t queue = 0; queue < queues; ++queue) {
    rte_ring* forth = wire->forth[queue].get();
    rte_ring* back = wire->back[queue].get();
    end.transmit.push_back(end.first ? forth : back);
    end.receive.push_back(end.first ? back : forth);
  }
  return end;
}

}  // namespace sluice::port
