#include "dataplane/tcp/core.h"

namespace sluice::tcp {

std::uint32_t Core::timestamp_offset(const wire::FlowKey& flow) const {
  const wire::IpAddress hosts[2] = {flow.local, flow.remote};
  const auto hash =
      static_cast<std::uint32_t>(keyed_hash(sequence_origin.key, hosts, sizeof hosts));
  return hash + static_cast<std::uint32_t>(
                    std::chrono::duration_cast<std::chrono::milliseconds>(sequence_origin.elapsed)
                        .count());
}

SequenceNumber Core::initial_sequence(const wire::FlowKey& flow) const {
  const Duration time = now().time_since_epoch() + sequence_origin.elapsed;
  const auto clock_ticks = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(time).count() / 4);
  return SequenceNumber(clock_ticks + static_cast<std::uint32_t>(
                                          keyed_hash(sequence_origin.key, &flow, sizeof flow)));
}

// With so much taken, what is left still allows as much.
std::uint32_t Core::window_that_leaves_enough(const PacketPool& pool) {
  const std::uint64_t usable = pool.capacity() - reserve(pool);
  const std::uint64_t bytes = usable * kBytesPerBuffer / (kBufferShare + 1);
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, 1U << 30));
}

std::uint8_t window_scale_for(std::uint32_t receive_buffer) {
  std::uint8_t shift = 0;
  while (shift < 14 && (receive_buffer >> shift) > 0xffff) ++shift;
  return shift;
}

}  // namespace sluice::tcp
