#pragma once

#include <cstdint>
#include <span>

#include "tls/record/suite.h"
#include "tls/record/traffic_keys.h"

namespace sluice::tls {

// Traffic keys of what a handshake has agreed on. Sequence numbers begin at zero.

/// The first keys of a direction, for the secret that TLS 1.3 calls client_ or
/// server_application_traffic_secret_0, of suite.hash_size() bytes (RFC 8446 section 7.3).
void begin_keys(Suite suite, std::span<const std::uint8_t> secret, TrafficKeys& keys);

/// The keys that follow by a key update (RFC 8446 section 7.2).
void update_keys(Suite suite, TrafficKeys& keys);

/// TLS 1.2's keys of both directions (RFC 5246 section 6.3). `randoms` is the server's and then
/// the client's.
void begin_tls12_keys(Suite suite, std::span<const std::uint8_t> master_secret,
                      std::span<const std::uint8_t, 64> randoms, TrafficKeys& client,
                      TrafficKeys& server);

}  // namespace sluice::tls
