#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "dataplane/base/keyed_hash.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::wire {

/// What names a TCP connection, seen from this host.
struct FlowKey {
  IpAddress local;
  IpAddress remote;
  std::uint16_t local_port = 0;
  std::uint16_t remote_port = 0;

  friend bool operator==(const FlowKey& a, const FlowKey& b) {
    return std::memcmp(&a, &b, sizeof(FlowKey)) == 0;
  }
};
static_assert(sizeof(FlowKey) == 36 && std::has_unique_object_representations_v<FlowKey>);

/// The hash that finds a flow in the connection table and, where the port cannot, decides which
/// worker owns it. Keyed, so that a remote host cannot aim at a bucket or a worker.
inline std::uint64_t flow_hash(const HashKey& key, const FlowKey& flow) {
  return keyed_hash(key, &flow, sizeof flow);
}

/// The worker, of `workers`, that owns a flow with this hash. Uses the upper half of the hash; the
/// connection table uses the lower one.
inline std::uint32_t owner_of(std::uint64_t hash, std::uint32_t workers) {
  return static_cast<std::uint32_t>(((hash >> 32) * workers) >> 32);
}

}  // namespace sluice::wire
