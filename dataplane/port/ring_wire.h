#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

struct rte_ring;

namespace sluice::port {

struct RingDeleter {
  void operator()(rte_ring* ring) const;
};
using RingPointer = std::unique_ptr<rte_ring, RingDeleter>;

/// A single-producer, single-consumer ring with room for `size` pointers (a power of two) less
/// one. Throws std::runtime_error when EAL's memory does not suffice or the name is taken.
RingPointer make_ring(const std::string& name, std::uint32_t size);

/// Frees the packets in a ring, as its only consumer.
void drain_ring(rte_ring* ring);

/// The wires of "ring:NAME" devices in this process. The first device of a name is one end, the
/// second the other. Outlives the ports made of its rings.
class RingWires {
 public:
  RingWires();
  ~RingWires();
  RingWires(const RingWires&) = delete;
  RingWires& operator=(const RingWires&) = delete;

  /// Frames that fit on the way in one direction, per queue; what is sent beyond is refused.
  static constexpr std::uint32_t kRingSize = 1024;

  struct End {
    std::vector<rte_ring*> receive;
    std::vector<rte_ring*> transmit;
    bool first = true;

    /// Frees the packets on the way in both directions. Nobody may use the other end meanwhile.
    void drain() const;
  };

  /// The next end of a wire with so many queues. Throws std::runtime_error for a third use of a
  /// name, and when the second end wants another number of queues than the first.
  End connect(const std::string& name, std::uint16_t queues);

 private:
  struct Wire;
  std::unordered_map<std::string, std::unique_ptr<Wire>> wires_;
};

}  // namespace sluice::port
