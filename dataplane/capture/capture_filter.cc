#include "dataplane/capture/capture_filter.h"

#include <utility>

#include "dataplane/wire/frame_flow.h"

namespace sluice::capture {
namespace {

// A sent frame read as if it had been received tells the flow the other way round.
wire::FlowKey reversed(const wire::FlowKey& flow) {
  return {flow.remote, flow.local, flow.remote_port, flow.local_port};
}

}  // namespace

std::optional<wire::FlowKey> flow_of(wire::Bytes frame, Direction direction) {
  const wire::FrameFlow found = wire::frame_flow(frame);
  if (found.target != wire::FrameTarget::kFlow) return {};
  return direction == Direction::kIn ? found.flow : reversed(found.flow);
}

bool CaptureFilter::matches(port::PortId its_port, Direction its_direction,
                            wire::Bytes frame) const {
  if (port && *port != its_port) return false;
  if (direction && *direction != its_direction) return false;
  if (!remote && !local_port) return true;
  const auto flow = flow_of(frame, its_direction);
  if (!flow) return false;
  return (!remote || remote->contains(flow->remote)) &&
         (!local_port || *local_port == flow->local_port);
}

}  // namespace sluice::capture
