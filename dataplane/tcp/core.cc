#include "dataplane/tcp/core.h"

namespace sluice::tcp {

std::uint32_t Core::timestamp_offset(const wire::FlowKey& flow) const {
  const wire::IpAddress hosts[2] = {flow.local, flow.remote};
  return static_cast<std::uint32_t>(keyed_hash(sequence_key, hosts, sizeof hosts));
}

SequenceNumber Core::initial_sequence(const wire::FlowKey& flow) const {
  const auto clock_ticks = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(now().time_since_epoch()).count() / 4);
  return SequenceNumber(clock_ticks +
                        static_cast<std::uint32_t>(keyed_hash(sequence_key, &flow, sizeof flow)));
}

std::uint8_t window_scale_for(std::uint32_t receive_buffer) {
  std::uint8_t shift = 0;
  while (shift < 14 && (receive_buffer >> shift) > 0xffff) ++shift;
  return shift;
}

}  // namespace sluice::tcp
