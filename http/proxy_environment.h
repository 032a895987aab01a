#pragma once

#include <cstdint>

#include "dataplane/base/graveyard.h"
#include "dataplane/base/keyed_hash.h"
#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/buffer/packet_pool.h"
#include "dataplane/stream.h"
#include "tls/environment_options.h"

namespace sluice::http {

class AccessRecorder;
class FleetState;

/// What a worker lends its proxy. All of it outlives the proxy and everything the proxy buries.
struct ProxyEnvironment {
  StreamNetwork& network;
  const Clock& clock;
  TimerWheel& wheel;
  PacketPool& pool;
  Graveyard& graveyard;
  const HashKey& hash_key;
  FleetState& fleet;         ///< shared by the proxies of all workers
  std::uint32_t worker = 0;  ///< which of the workers this is: index into Frontend::identities
                             ///< and Backend::tls_contexts
  tls::EnvironmentOptions tls = {};
  AccessRecorder* access_log = nullptr;  ///< the worker's own; null: nothing is logged
};

}  // namespace sluice::http
