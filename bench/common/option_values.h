#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/time.h"
#include "dataplane/wire/ip_address.h"
#include "tls/environment_options.h"
#include "tls/server/server_identity.h"

/// Values of command-line options. `option` is the option's name, for the message; all throw
/// std::invalid_argument with one for the operator.
namespace sluice::bench {

/// A whole number, with k, M or G for powers of a thousand: "250", "10k".
std::uint64_t parse_number(const std::string& option, const std::string& text);
/// The same with a fraction: "1.5M".
double parse_rate(const std::string& option, const std::string& text);
/// "30s", "250ms".
Duration parse_time(const std::string& option, const std::string& text);
/// "64" or "100-1000".
std::pair<std::uint64_t, std::uint64_t> parse_range(const std::string& option,
                                                    const std::string& text);
/// "200:99,503:1": values and their weights; a weight that is left out is 1.
std::vector<std::pair<std::uint64_t, std::uint32_t>> parse_shares(const std::string& option,
                                                                  const std::string& text);
/// The parts between separators; one part when there is none.
std::vector<std::string> split(const std::string& text, char separator);

/// Where to listen: each entry a port (on all own addresses) or an endpoint; none: `port`.
std::vector<wire::Endpoint> parse_listen(const std::vector<std::string>& entries,
                                         std::uint16_t port,
                                         const std::vector<wire::IpAddress>& own);

/// "own" or "openssl"
tls::RecordLayer parse_record_layer(const std::string& option, const std::string& text);

/// The certificates of files or directories, with an identity for each worker. Throws
/// std::runtime_error.
std::vector<std::shared_ptr<const tls::ServerIdentity>> load_identities(
    const std::vector<std::string>& paths, std::uint32_t workers, tls::IdentityOptions options);

}  // namespace sluice::bench
