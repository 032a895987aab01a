#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/admin/level.h"
#include "control/config/diagnostics.h"
#include "dataplane/base/time.h"
#include "dataplane/ip/config.h"
#include "dataplane/tcp/config.h"
#include "dataplane/wire/ip_address.h"
#include "dataplane/worker/idle_policy.h"
#include "http/settings.h"
#include "tls/client/client_context.h"
#include "tls/environment_options.h"
#include "tls/server/client_verification.h"
#include "tls/version.h"

/// A configuration file as read: every key's value, or its default, and where it stands. The
/// defaults are the initial values here and in the layers' own settings, and nowhere else.
namespace sluice::control {

enum class Hugepages : std::uint8_t {
  kAuto,  ///< used when enough are free
  kUse,   ///< required
  kAvoid,
};

enum class LogLevel : std::uint8_t { kDebug, kInfo, kWarning, kError };

/// [sluice]: the process as a whole.
struct ProcessConfig {
  Position at;
  Located<std::uint32_t> workers;  ///< 0: one for each CPU this process may run on
  std::vector<Located<std::uint32_t>> cpus;
  worker::IdleMode idle = worker::IdleMode::kAdaptive;
  std::uint32_t max_connections = 65536;
  Located<std::uint32_t> buffers;  ///< of each worker; 0: as many as max_connections suggests
  Hugepages hugepages = Hugepages::kAuto;
  std::vector<Located<std::string>> eal;
  bool telemetry = false;
  Duration drain_timeout = std::chrono::seconds(30);
  LogLevel log_level = LogLevel::kInfo;
  std::string admin_socket = "/run/sluice/admin.sock";  ///< empty: none
  std::uint32_t admin_mode = 0600;
  AdminLevel admin_level = AdminLevel::kAdmin;
  tls::EnvironmentOptions tls{.handshakes = {.budget = tls::HandshakeLimits::kUsualBudget},
                              .gathers_writes = true};
  std::string tls_key_log;  ///< where secrets of TLS connections are written; empty: nowhere
  Located<std::string> ticket_key_file;  ///< empty: the keys of session tickets are made here
  Located<Duration> ticket_rotation = {std::chrono::hours(12), {}};
  Located<Duration> ticket_lifetime = {std::chrono::hours(36), {}};
  Located<std::string> user;   ///< as whom it runs; empty: as who starts it
  Located<std::string> group;  ///< empty: the user's own
  bool system_call_filter = true;
};

/// [ip]
struct IpConfig {
  Position at;
  ip::Config ip;
};

/// [tcp]. The limits are of the process; each worker gets its share.
struct TcpConfig {
  Position at;
  tcp::StackConfig stack;
};

/// [management]
struct ManagementConfig {
  Position at;
  std::vector<Located<wire::Endpoint>> listen;  ///< empty: nowhere

  [[nodiscard]] std::vector<wire::Endpoint> addresses() const {
    std::vector<wire::Endpoint> addresses;
    for (const auto& address : listen) addresses.push_back(address.value);
    return addresses;
  }
};

enum class AccessFormat : std::uint8_t { kHaproxy, kJson };

/// [access_log]
struct AccessLogConfig {
  Position at;
  Located<std::string> to;  ///< empty: there is no such table, and no log
  AccessFormat format = AccessFormat::kHaproxy;
  std::vector<Located<std::string>> capture;  ///< names of request header fields
  std::uint64_t buffer = std::uint64_t{1} << 20;
  Located<std::string> facility{"local0", {}};
  Located<std::string> tag{"sluice", {}};

  [[nodiscard]] bool given() const { return !to.value.empty(); }
};

struct StaticRouteConfig {
  Position at;
  Located<wire::Prefix> destination;
  Located<wire::IpAddress> gateway;
};

/// [[interface]]
struct InterfaceConfig {
  Position at;
  Located<std::string> name;
  std::vector<Located<std::string>> ports;
  std::vector<Located<wire::Prefix>> addresses;
  std::vector<Located<wire::IpAddress>> gateways;
  std::vector<StaticRouteConfig> routes;
  Located<std::uint32_t> mtu;  ///< 0: the port's
};

/// [frontend.route.respond], or a status alone
struct RespondConfig {
  Position at;
  Located<std::uint32_t> status{200, {}};
  Located<std::string> body;  ///< empty: what the status is called
  Located<std::string> type{"text/plain", {}};
};

/// [[frontend.route]]: one of the last three
struct RouteConfig {
  Position at;
  Located<std::string> host;
  Located<std::string> path;
  Located<std::string> backend;
  Located<std::string> redirect;
  std::optional<RespondConfig> respond;
};

struct FieldConfig {
  Located<std::string> name;
  Located<std::string> value;
};

/// request.* or response.* of a [[frontend]]
struct FieldEditsConfig {
  std::vector<FieldConfig> set;
  std::vector<FieldConfig> add;
  std::vector<Located<std::string>> remove;
};

/// What a frontend does with what clients send, and whom it shares a backend with.
enum class Mode : std::uint8_t { kHttp, kTcp };

enum class TlsPolicy : std::uint8_t { kIntermediate, kModern };

/// What a [[frontend]] agrees to in TLS.
struct FrontendTlsConfig {
  Located<TlsPolicy> policy;
  Located<std::optional<tls::Version>> min_version;  ///< nothing: the policy's; likewise below
  Located<std::optional<tls::Version>> max_version;
  std::vector<Located<std::string>> ciphers;       ///< of TLS 1.2; empty: the policy's
  std::vector<Located<std::string>> ciphersuites;  ///< of TLS 1.3; the same
  std::vector<Located<std::string>> groups;        ///< the same
  Located<bool> prefer_server_ciphers;
  Located<tls::ClientAuth> client_auth;
  Located<std::string> client_ca;  ///< empty: none; likewise below
  Located<std::string> client_crl;
};

/// [[frontend]]
struct FrontendConfig {
  Position at;
  std::vector<Located<std::string>> given;  ///< its keys in the file
  Located<std::string> name;
  Located<Mode> mode;
  std::vector<Located<wire::Endpoint>> bind;
  std::vector<Located<std::string>> certificates;
  Located<bool> strict_sni;
  Located<std::uint32_t> tickets = {1, {}};  ///< after a full TLS 1.3 handshake; 0: none at all
  FrontendTlsConfig tls;
  Located<std::string> backend;
  Located<std::string> redirect;  ///< in its place
  std::vector<RouteConfig> routes;
  std::vector<Located<wire::Prefix>> allow;
  std::vector<Located<wire::Prefix>> deny;
  std::uint32_t connection_limit = http::Frontend{}.connection_limit;
  FieldEditsConfig request;
  FieldEditsConfig response;
  http::ClientTimeouts timeouts;
  http::ClientLimits limits;
  bool enabled = http::Frontend{}.enabled;
  bool forwarded = http::Frontend{}.forwarded_headers;
  bool via = http::Frontend{}.via_header;
  bool access_log = http::Frontend{}.access_log;
};

struct ServerConfig {
  Position at;
  Located<std::string> name;  ///< as given, or the address
  Located<wire::Endpoint> address;
  Located<std::string> tls_server_name;  ///< empty: the backend's
  std::uint32_t weight = http::Server{}.weight;
  bool backup = http::Server{}.backup;
  http::ServerMode mode = http::Server{}.mode;
  std::uint32_t connection_limit = http::Server{}.connection_limit;
};

/// tls.* of a [[backend]].
struct BackendTlsConfig {
  Located<bool> enabled;
  Located<tls::Verification> verify{tls::ClientSettings{}.verification, {}};
  Located<std::string> authorities;  ///< empty: the system's
  Located<std::string> server_name;  ///< empty: each server's address
  Located<std::string> certificate;  ///< empty: none
  Located<tls::Version> min_version{tls::ClientSettings{}.min_version, {}};
};

/// check.* of a [[backend]]: what is checked, and what goes with HTTP alone.
struct CheckConfig {
  Located<bool> tcp;
  Located<bool> tls;
  Located<std::string> http;  ///< the path; empty: no HTTP
  Located<std::string> method{http::CheckSettings{}.method, {}};
  Located<std::string> host;
  Located<std::vector<std::pair<std::uint16_t, std::uint16_t>>> statuses;
  Located<std::string> body;
  http::CheckSettings settings;  ///< the rest

  [[nodiscard]] http::CheckKind kind() const {
    if (!http.value.empty()) return http::CheckKind::kHttp;
    if (tls.value) return http::CheckKind::kTls;
    return tcp.value ? http::CheckKind::kTcp : http::CheckKind::kNone;
  }
};

/// `hash.by`: "source", "path", "header:NAME" or "cookie:NAME".
struct HashConfig {
  http::HashBy by = http::BalancingSettings{}.hash_by;
  std::string name = {};  ///< of the header or cookie
};

/// [[backend]]
struct BackendConfig {
  Position at;
  std::vector<Located<std::string>> given;  ///< its keys in the file
  Located<std::string> name;
  std::vector<ServerConfig> servers;
  BackendTlsConfig tls;
  http::Algorithm balance = http::BalancingSettings{}.algorithm;
  Located<HashConfig> hash;
  Duration slow_start = http::BalancingSettings{}.slow_start;
  std::uint32_t connection_limit = http::Backend{}.connection_limit;
  http::QueueSettings queue;
  http::RetrySettings retry;
  http::OutlierSettings outliers;
  CheckConfig check;
  http::ServerTimeouts timeouts;
  std::uint32_t pool_connections = http::Backend{}.pool_connections;
  std::uint32_t response_head_bytes = http::Backend{}.response_head_bytes;
  Duration server_pause = http::Backend{}.server_pause;
};

/// [[admin]]: an admin socket beside the one of [sluice].
struct AdminConfig {
  Position at;
  Located<std::string> socket;
  std::uint32_t mode = 0600;
  AdminLevel level = AdminLevel::kUser;
};

struct Config {
  ProcessConfig process;
  IpConfig ip;
  TcpConfig tcp;
  ManagementConfig management;
  AccessLogConfig access_log;
  std::vector<InterfaceConfig> interfaces;
  std::vector<FrontendConfig> frontends;
  std::vector<BackendConfig> backends;
  std::vector<AdminConfig> admins;
};

}  // namespace sluice::control
