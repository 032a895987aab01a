#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/base/chunked_table.h"
#include "dataplane/base/counter.h"
#include "dataplane/base/measured_duration.h"
#include "http/head_error.h"
#include "tls/client/certificate_fault.h"

/// What one worker counts of HTTP. The worker alone writes; any thread may read at any time, and
/// sums over the workers. The names in brackets are the columns of HAProxy's `show stat` that the
/// sums belong in. Everything grows for ever, except what is called "current" or "idle".
namespace sluice::http {

/// Responses sent to clients by the first digit of their status [hrsp_1xx to hrsp_5xx].
class ResponseCounters {
 public:
  void count(unsigned status) { by_class_[status / 100 < 6 ? status / 100 : 0].add(); }
  /// `hundreds` from 1 to 5; 0 for any other status [hrsp_other].
  [[nodiscard]] std::uint64_t get(unsigned hundreds) const { return by_class_[hundreds].get(); }

 private:
  std::array<Counter, 6> by_class_;
};

/// How many there are now, were at most [scur, smax], and have been [stot]. The maximum of a sum is
/// not the sum of the maxima: control takes that as an upper bound.
class Gauge {
 public:
  void enter() {
    current_.add();
    total_.add();
    maximum_.raise_to(current_.get());
  }
  void leave() { current_.subtract(); }
  [[nodiscard]] std::uint64_t current() const { return current_.get(); }
  [[nodiscard]] std::uint64_t maximum() const { return maximum_.get(); }
  [[nodiscard]] std::uint64_t total() const { return total_.get(); }

 private:
  Counter current_;
  Counter maximum_;
  Counter total_;
};

struct FrontendCounters {
  Gauge sessions;              ///< clients' connections [scur, smax, stot, conn_tot]
  Counter requests;            ///< heads received whole, good or bad [req_tot]
  ResponseCounters responses;  ///< final ones, our own errors included
  Counter bytes_in;            ///< read from clients, heads included [bin]
  Counter bytes_out;           ///< handed to clients' connections [bout]
  Counter request_errors;      ///< refused heads and bodies, 408, cut off while sending [ereq]
  Counter denied;              ///< CONNECT and TRACE [dreq]
  Counter denied_connections;  ///< refused for the client's address [dcon]
  Counter excess_connections;  ///< refused for the frontend's limit [dses]
  Counter unrouted;            ///< no route: 404
  Counter intercepted;         ///< redirected, or given a configured response [intercepted]
  Counter handshake_failures;  ///< TLS clients that did not come through
  Counter client_aborts;       ///< gone before their response was complete [cli_abrt]
};

struct BackendCounters {
  Gauge sessions;                  ///< exchanges [scur, smax, stot]
  Counter requests;                ///< [req_tot]
  ResponseCounters responses;      ///< including our own 502, 503 and 504
  Counter bytes_in;                ///< sent to servers [bin]
  Counter bytes_out;               ///< read from servers [bout]
  Counter connection_errors;       ///< attempts that found no server [econ]
  Counter response_errors;         ///< broken, late or missing responses [eresp]
  Counter retries;                 ///< attempts after the first [wretr]
  Counter redispatches;            ///< of those, on another server [wredis]
  Counter retries_withheld;        ///< that were not made, the budget being used up
  Counter queued;                  ///< exchanges that had to wait for a place
  Counter queue_refusals;          ///< of those, refused: too many waited, or for too long
  Counter client_aborts;           ///< [cli_abrt]
  Counter server_aborts;           ///< servers that broke off [srv_abrt]
  Counter connections_opened;      ///< [connect]
  Counter connections_reused;      ///< [reuse]
  Counter handshakes;              ///< of TLS, completed [ssl_sess]
  Counter handshakes_resumed;      ///< of those [ssl_reused_sess]
  Counter handshake_failures;      ///< [ssl_failed_handshake]
  MeasuredDuration queue_time;     ///< of exchanges that waited for a server [qtime]
  MeasuredDuration connect_time;   ///< of new connections [ctime]
  MeasuredDuration response_time;  ///< from the request sent to the head of the response [rtime]
  MeasuredDuration total_time;     ///< from the request's head to the response's end [ttime]
};

struct ServerCounters {
  Gauge sessions;
  Counter requests;
  ResponseCounters responses;
  Counter bytes_in;
  Counter bytes_out;
  Counter connection_errors;
  Counter response_errors;
  Counter retries;       ///< attempts that failed here and were made again
  Counter redispatches;  ///< attempts made here that had failed elsewhere
  Counter client_aborts;
  Counter server_aborts;
  Counter connections_opened;
  Counter connections_reused;
  Counter handshakes;
  Counter handshakes_resumed;
  Counter handshake_failures;
  Counter last_handshake_failure;  ///< why: tls::packed() of a tls::Failure
  Counter idle_current;            ///< pooled connections [idle_conn_cur]
  Counter pauses;                  ///< times that it began to be passed over [chkdown]
  Counter ejections;               ///< times that it was taken out for failures in a row
  RecentDuration queue_time;
  RecentDuration connect_time;
  RecentDuration response_time;
  RecentDuration total_time;
};

/// What belongs to no frontend or backend.
struct ProxyCounters {
  std::array<Counter, kHeadErrors> refused_requests;   ///< by HeadError
  std::array<Counter, kHeadErrors> refused_responses;  ///< by HeadError
  /// Servers' certificates that were not trusted, by tls::CertificateFault.
  std::array<Counter, tls::kCertificateFaults> refused_certificates;
  Counter bad_request_bodies;  ///< chunked coding broken
  Counter bad_response_bodies;
  Counter unsolicited;         ///< pooled connections closed for bytes nobody asked for
  Counter pool_overflows;      ///< closed because the pool of a server was full
  Counter lingering_timeouts;  ///< clients that went on sending after their last response
  Counter out_of_buffers;      ///< exchanges given up because the pool was dry
  Counter refused_sessions;    ///< connections refused: no frontend, no memory, draining
  Counter access_log_drops;    ///< records that found no room in the ring of the access log
  Counter listen_failures;     ///< addresses of frontends that could not be listened on
};

/// Counter blocks by id. Made by the worker when a snapshot brings a new id; other threads read
/// them without asking. Large blocks come in smaller chunks: few have more than a handful of
/// backends.
template <typename Block>
using CounterTable = ChunkedTable<Block, sizeof(Block) <= 4096 ? 64 : 16>;

}  // namespace sluice::http
