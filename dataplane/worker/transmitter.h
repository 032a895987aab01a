#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/buffer/packet_pool.h"
#include "dataplane/capture/capture_tap.h"
#include "dataplane/port/counters.h"
#include "dataplane/port/hand_off.h"
#include "dataplane/port/link.h"
#include "dataplane/port/port.h"
#include "dataplane/port/steering.h"

namespace sluice::worker {

/// Where one worker's frames leave: a batch for each port, sent when it is a burst and at the end
/// of each pass. What a port has no room for waits for the next pass, up to a bound: a peer in
/// software may not run for milliseconds. On a port where the worker has no transmit queue, the
/// batch goes to a worker that has one.
class Transmitter final : public port::Link {
 public:
  /// Worker `self` of `workers`. `ports` and `counters` are indexed by PortId. `mesh` may be null
  /// for a single worker. `pool` is the worker's, for frames that must be copied into one buffer.
  Transmitter(std::uint32_t self, std::uint32_t workers, std::span<port::Port* const> ports,
              port::HandOffMesh* mesh, PacketPool& pool, std::span<port::Counters> counters,
              capture::CaptureTap& tap);
  /// Frees what was not sent.
  ~Transmitter();
  Transmitter(const Transmitter&) = delete;
  Transmitter& operator=(const Transmitter&) = delete;

  void transmit(port::PortId port, Packet frame) override;
  [[nodiscard]] bool has_room(port::PortId port) const override;

  /// Takes up to a burst of frames from every other worker that has given some; returns how many.
  std::size_t collect();

  /// Sends all batches. What a port does not take waits if its link is up, and is dropped and
  /// counted otherwise or when too much waits. Returns how many frames have left.
  std::size_t flush();

  /// Whether a port has no room at present.
  [[nodiscard]] bool behind() const { return !filled_.empty(); }

  /// Frames that may wait for one port, at most.
  static constexpr std::size_t kMostWaiting = 1024;
  /// Of these, what can as well be sent later may take up.
  static constexpr std::size_t kMostData = kMostWaiting / 2;

 private:
  struct Batch {
    port::Port* port = nullptr;
    std::optional<std::uint16_t> queue;  // this worker's, if it has one
    std::uint32_t transmitter = 0;       // whose queue it is otherwise
    bool prepare = false;                // the port has offloads that want a look at each packet
    std::size_t burst = port::kBurst;    // frames for one call of the driver
    std::uint16_t longest_chain = 1;     // buffers in one packet
    bool full = false;                   // the port has no room, for the rest of this pass
    std::size_t count = 0;
    std::vector<rte_mbuf*> frames = std::vector<rte_mbuf*>(kMostWaiting);
  };

  [[nodiscard]] Packet fitted(const Batch& batch, Packet frame);
  void add(Batch& batch, rte_mbuf* frame);
  std::size_t send(Batch& batch);
  std::size_t send_on_own_queue(Batch& batch);
  std::uint16_t send_burst(const Batch& batch, std::span<rte_mbuf*> burst);
  void keep(Batch& batch, std::span<rte_mbuf*> rest);
  std::size_t give_to_transmitter(Batch& batch);
  port::Counters& counters_of(const Batch& batch) { return counters_[batch.port->id().index()]; }

  std::uint32_t self_;
  std::uint32_t workers_;
  port::HandOffMesh* mesh_;
  PacketPool& pool_;
  std::span<port::Counters> counters_;
  capture::CaptureTap& tap_;
  std::vector<Batch> batches_;       // by PortId
  std::vector<std::size_t> filled_;  // the batches that hold something, by index
};

}  // namespace sluice::worker
