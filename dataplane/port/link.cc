#include "dataplane/port/link.h"

namespace sluice::port {

Offloads Offloads::intersect(const Offloads& other) const {
  Offloads both;
  both.receive_checksum = receive_checksum && other.receive_checksum;
  both.transmit_checksum = transmit_checksum && other.transmit_checksum;
  both.segmentation = segmentation && other.segmentation;
  both.multi_segment = multi_segment && other.multi_segment;
  both.large_pieces = large_pieces && other.large_pieces;
  both.receive_side_scaling = receive_side_scaling && other.receive_side_scaling;
  return both;
}

}  // namespace sluice::port
