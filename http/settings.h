#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/base/id.h"
#include "dataplane/base/time.h"
#include "dataplane/wire/ip_address.h"
#include "http/balancing/balancing_settings.h"
#include "http/health/check_settings.h"

namespace sluice::tls {
class ClientContext;
class ServerIdentity;
}  // namespace sluice::tls

/// What an operator decides about HTTP: the part of a snapshot that the proxy reads. Everything
/// here is immutable once published; whoever holds a session keeps ids, never pointers, across
/// loops of the worker.
///
/// Whoever makes a Settings keeps these promises, which the proxy relies on:
/// - Ids are dense (0, 1, 2, ...) and below CounterTable::kCapacity (262,144). `frontends[i]->id`
/// is
///   i, `backends[i]->id` is i, and each ServerId stands in one backend only.
/// - An id means the same thing from one snapshot to the next: counters and pooled connections go
///   by it. A server may change its address and keep its id. The id of something that was removed
///   may be given to something else when every worker has adopted a snapshot without it and none
///   has sessions or idle connections of it any more; its counters go on from where they are.
/// - Every valid BackendId in a route, and a valid default_backend, names an entry of `backends`. A
///   route has a backend or an answer.
/// - No two frontends bind the same endpoint.
/// - The snapshot lives until every worker's proxy has adopted the next one.
namespace sluice::http {

class AddressFilter;
class Answer;
class HeaderEdits;
class Router;
class MaglevTable;

using FrontendId = Id<struct FrontendTag>;
using BackendId = Id<struct BackendTag>;
/// Unique over all backends.
using ServerId = Id<struct ServerTag>;

/// How long each side may take. Every one of them is bounded; there is no "never".
struct ClientTimeouts {
  Duration request = std::chrono::seconds(10);     ///< for a whole request head -> 408; for the
                                                   ///< first byte of a connection -> closed
  Duration idle = std::chrono::seconds(30);        ///< without progress of a message -> 408, reset
  Duration keep_alive = std::chrono::seconds(60);  ///< between two requests
  Duration handshake = std::chrono::seconds(10);   ///< for a TLS handshake
  Duration tunnel = std::chrono::hours(1);         ///< without a byte either way -> reset
};

struct ServerTimeouts {
  Duration connect = std::chrono::seconds(3);      ///< for one attempt, TLS included -> next
                                                   ///< server, 503
  Duration response = std::chrono::seconds(30);    ///< from the request to the response head -> 504
  Duration idle = std::chrono::seconds(30);        ///< without progress while a message flows
  Duration keep_alive = std::chrono::seconds(30);  ///< an unused pooled connection is closed
};

/// How much a client may make us hold.
struct ClientLimits {
  std::uint32_t head_bytes = 16 * 1024;       ///< request line and fields -> 431; line alone 414
  std::uint32_t header_fields = 100;          ///< -> 431
  std::uint64_t body_bytes = 0;               ///< largest request body, 0: no limit -> 413
  std::uint32_t requests_per_connection = 0;  ///< 0: no limit
};

/// Sends what matches to a backend, or answers it. Of several that match, the most exact host wins,
/// then the longest path.
struct Route {
  /// Without port; "*.example.com" for subdomains of any depth, not the domain itself; "" for any.
  std::string host;
  /// A prefix of whole segments: "/a" and "/a/" match "/a" and "/a/b", not "/ab"; "" or "/" for
  /// any.
  std::string path;
  BackendId backend;
  std::shared_ptr<const Answer> answer = {};  ///< instead of a backend
};

struct Frontend {
  FrontendId id;
  std::string name;
  std::vector<wire::Endpoint> bind;  ///< the unspecified address means every own address
  /// TCP mode: what clients send goes to a server of `default_backend` as it comes, and nothing
  /// below about HTTP counts.
  bool tcp = false;
  bool enabled = true;  ///< false: it takes no new connections
  /// One for each worker, index by worker; empty when the frontend speaks plain HTTP.
  std::vector<std::shared_ptr<const tls::ServerIdentity>> identities;
  std::vector<Route> routes;  ///< of equal ones the first stands
  BackendId default_backend;  ///< not valid: what no route matches gets default_answer
  std::shared_ptr<const Answer> default_answer;  ///< null: 404
  /// `routes` and the defaults made ready for look-ups: std::make_shared<const Router>(routes,
  /// RouteTarget{default_backend, default_answer}) of http/router.h. May be left empty: each worker
  /// then makes its own when it adopts the snapshot, which takes time there when there are very
  /// many routes.
  std::shared_ptr<const Router> router;
  ClientTimeouts timeouts;
  ClientLimits limits;
  bool forwarded_headers = true;  ///< set X-Forwarded-For, -Proto and -Host
  bool via_header = true;
  bool client_certificates = false;  ///< clients are asked for one: set X-SSL-Client-...
  std::string host;  ///< what servers are told as Host; empty: what the client asks for
  std::shared_ptr<const HeaderEdits> request_edits;   ///< null: none
  std::shared_ptr<const HeaderEdits> response_edits;  ///< of responses of servers; null: none
  std::shared_ptr<const AddressFilter> filter;        ///< who may connect; null: everybody
  /// Sessions at once in the whole process; further clients are refused. 0: no limit.
  std::uint32_t connection_limit = 0;
  bool access_log = true;  ///< its requests, or sessions, are logged where any are
};

struct Server {
  ServerId id;
  std::string name;
  wire::Endpoint address;
  /// With TLS: the DNS name that it is asked for (SNI), or the IP address, which its certificate
  /// must be for if certificates are verified.
  std::string tls_name = {};
  std::uint32_t weight = 1;  ///< its share of the work; 0: none
  bool backup = false;       ///< of use only while no other server is
  ServerMode mode = ServerMode::kReady;
  std::uint32_t connection_limit = 0;  ///< exchanges at once in the whole process; 0: no limit
};

struct Backend {
  BackendId id;
  std::string name;
  std::vector<Server> servers;
  bool tcp = false;  ///< it is used in TCP mode
  /// How its servers are spoken to by TLS: one for each worker, index by worker; empty when they
  /// speak plain HTTP. Where a snapshot brings other ones, pooled connections that were made with
  /// these are closed, and TLS sessions forgotten.
  std::vector<std::shared_ptr<const tls::ClientContext>> tls_contexts = {};
  BalancingSettings balancing;
  /// With Maglev: make_maglev_table(backend) of http/balancing/maglev.h. May be left empty: each
  /// worker then makes its own when it adopts the snapshot.
  std::shared_ptr<const MaglevTable> maglev = nullptr;
  QueueSettings queue;
  RetrySettings retry;
  OutlierSettings outliers;
  CheckSettings check;
  std::uint32_t connection_limit = 0;  ///< exchanges with servers at once in the whole process; 0:
                                       ///< no limit
  ServerTimeouts timeouts;
  std::uint32_t pool_connections = 1024;  ///< idle connections kept to each server by each worker
  std::uint32_t response_head_bytes = 32 * 1024;
  Duration server_pause = std::chrono::seconds(2);  ///< how long a server is passed over that
                                                    ///< could not be connected to
};

/// The HTTP part of a snapshot. `frontends` and `backends` are indexed by id; an entry may be null
/// when its frontend or backend was removed by a reload.
struct Settings {
  std::vector<std::unique_ptr<const Frontend>> frontends;
  std::vector<std::unique_ptr<const Backend>> backends;
  std::uint32_t server_count = 0;  ///< one more than the largest ServerId
  std::string via_name = "sluice";
  std::uint64_t generation = 0;  ///< grows with each that is published
};

}  // namespace sluice::http
