#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "dataplane/buffer/packet_pool.h"
#include "dataplane/ip/counters.h"
#include "dataplane/port/counters.h"
#include "dataplane/tcp/counters.h"
#include "dataplane/worker/counters.h"
#include "http/counters.h"
#include "tls/environment.h"

namespace sluice::control {

/// Where one worker counts. The worker writes on; reading costs it nothing.
struct WorkerCounters {
  const worker::Counters& worker;
  const PacketPool& pool;
  std::vector<const port::Counters*> ports;  ///< by PortId
  const ip::Counters& ip;
  const tcp::Counters& tcp;
  const tls::Counters& tls;          ///< with clients
  const tls::Counters& tls_backend;  ///< with servers
  const http::ProxyCounters& proxy;
};

/// One counter of one layer.
struct CounterEntry {
  std::string name;  ///< "tcp.segments_sent"
  std::string help;
  std::function<std::uint64_t(const WorkerCounters&)> read;
  bool current = false;  ///< how many there are now, not how many there have been
};

/// Every counter of every layer that belongs to no frontend, backend or server, in the order of
/// the layers.
const std::vector<CounterEntry>& counter_catalog();

/// The catalog for the manual, in Markdown: a row for each counter.
std::string counter_reference();

}  // namespace sluice::control
