#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/wire/ip_address.h"
#include "http/balancing/balancing_settings.h"
#include "http/request_head.h"

namespace sluice::http {

/// The hash of what a backend tells requests apart by: the client's address, the path without the
/// query, the first header of a name, or a cookie. Nothing where the backend does not hash, or the
/// request has no such header or cookie.
std::optional<std::uint64_t> key_of(const BalancingSettings& settings, const RequestHead& request,
                                    const wire::IpAddress& client);

}  // namespace sluice::http
