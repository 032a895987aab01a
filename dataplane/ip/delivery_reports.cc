#include "dataplane/ip/delivery_reports.h"

#include <utility>

#include "dataplane/wire/icmp.h"

namespace sluice::ip {

void DeliveryReports::neighbour_unresolved(const Packet& packet) {
  const auto segment = wire::QuotedSegment::parse(packet.front());
  if (!segment || transport_ == nullptr || failures_.size() >= kMost) return;
  failures_.push_back({DeliveryProblem::kNeighbourUnresolved, segment->source, segment->destination,
                       segment->source_port, segment->destination_port, segment->sequence, 0});
  if (!armed()) timers_.arm_after(*this, TimerWheel::kTick);
}

void DeliveryReports::on_timer(Instant /*now*/) {
  std::vector<DeliveryFailure> due = std::exchange(failures_, {});
  for (const DeliveryFailure& failure : due) transport_->delivery_failed(failure);
}

}  // namespace sluice::ip
