#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/wire/ip_address.h"
#include "tls/environment_options.h"
#include "tls/server/server_identity.h"

namespace sluice::serve {

/// A status and how often it comes in comparison with the others.
struct StatusShare {
  unsigned status = 200;
  std::uint32_t weight = 1;
};

/// What the origin answers, the same on all workers but for the
/// identities.
struct Settings {
  std::vector<wire::Endpoint> listen;
  /// What the identities seal session tickets with; outlives them.
  std::shared_ptr<const tls::TicketKeys> ticket_keys;
  /// Of each worker, since OpenSSL objects are not shared; empty: plain.
  std::vector<std::shared_ptr<const tls::ServerIdentity>> identities;

  tls::RecordLayer record_layer = tls::RecordLayer::kOwn;

  std::uint64_t smallest_body = 64;  ///< bytes; sizes are spread evenly up to the largest
  std::uint64_t largest_body = 64;
  std::vector<StatusShare> statuses = {{}};
  bool close = false;  ///< closes behind every response
  Duration delay{};    ///< before every response
  /// Once in every `stall_every`, answers to nothing for `stall_for`; zero: never.
  Duration stall_every{};
  Duration stall_for{};
};

}  // namespace sluice::serve
