#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "dataplane/base/counter.h"
#include "dataplane/base/time.h"
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

/// A duration as HAProxy reports it: averaged over about the last 1024 samples, each new one
/// displacing 1/1024 of the sum. Over several workers: the sum of recent_microseconds() divided by
/// the sum of recent_samples().
class RecentDuration {
 public:
  static constexpr std::uint64_t kWindow = 1024;

  void add(Duration sample) {
    const auto microseconds =
        static_cast<std::uint64_t>(sample.count() < 0 ? 0 : sample.count()) / 1000;
    const std::uint64_t sum = recent_.get();
    const std::uint64_t displaced = samples_.get() < kWindow ? 0 : (sum + kWindow - 1) / kWindow;
    recent_.set(sum - displaced + microseconds);
    samples_.add();
    total_.add(microseconds);
  }
  [[nodiscard]] std::uint64_t recent_microseconds() const { return recent_.get(); }
  [[nodiscard]] std::uint64_t recent_samples() const {
    return samples_.get() < kWindow ? samples_.get() : kWindow;
  }
  /// All samples ever, and their sum: for rates over any interval.
  [[nodiscard]] std::uint64_t samples() const { return samples_.get(); }
  [[nodiscard]] std::uint64_t total_microseconds() const { return total_.get(); }

 private:
  Counter recent_;
  Counter samples_;
  Counter total_;
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
  Counter unrouted;            ///< no route: 404
  Counter handshake_failures;  ///< TLS clients that did not come through
  Counter client_aborts;       ///< gone before their response was complete [cli_abrt]
};

struct BackendCounters {
  Gauge sessions;                ///< exchanges [scur, smax, stot]
  Counter requests;              ///< [req_tot]
  ResponseCounters responses;    ///< including our own 502, 503 and 504
  Counter bytes_in;              ///< sent to servers [bin]
  Counter bytes_out;             ///< read from servers [bout]
  Counter connection_errors;     ///< attempts that found no server [econ]
  Counter response_errors;       ///< broken, late or missing responses [eresp]
  Counter retries;               ///< attempts after the first [wretr]
  Counter redispatches;          ///< of those, on another server [wredis]
  Counter client_aborts;         ///< [cli_abrt]
  Counter server_aborts;         ///< servers that broke off [srv_abrt]
  Counter connections_opened;    ///< [connect]
  Counter connections_reused;    ///< [reuse]
  Counter handshakes;            ///< of TLS, completed [ssl_sess]
  Counter handshakes_resumed;    ///< of those [ssl_reused_sess]
  Counter handshake_failures;    ///< [ssl_failed_handshake]
  RecentDuration connect_time;   ///< of new connections [ctime]
  RecentDuration response_time;  ///< from the request sent to the head of the response [rtime]
  RecentDuration total_time;     ///< from the request's head to the response's end [ttime]
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
  Counter paused;                  ///< 1 while this worker passes the server over [status DOWN]
  Counter pauses;                  ///< times it began to [chkdown]
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
  Counter listen_failures;     ///< addresses of frontends that could not be listened on
};

/// Counter blocks by id. Blocks are made by the worker when a snapshot brings a new id, and stay
/// where they are until the table goes: other threads read them without asking.
template <typename Block>
class CounterTable {
 public:
  static constexpr std::size_t kCapacity = std::size_t{1} << 18;

  CounterTable() = default;
  ~CounterTable() {
    for (auto& chunk : chunks_) delete chunk.load(std::memory_order_relaxed);
  }
  CounterTable(const CounterTable&) = delete;
  CounterTable& operator=(const CounterTable&) = delete;

  /// For the worker. The block of an index, made if need be; indices from kCapacity on share one.
  Block& operator[](std::size_t index) {
    if (index >= kCapacity) return overflow_;
    auto& place = chunks_[index / kChunk];
    Chunk* chunk = place.load(std::memory_order_relaxed);
    if (chunk == nullptr) {
      chunk = new Chunk;
      place.store(chunk, std::memory_order_release);
    }
    return (*chunk)[index % kChunk];
  }

  /// For any thread. nullptr while there is none.
  [[nodiscard]] const Block* find(std::size_t index) const {
    if (index >= kCapacity) return nullptr;
    const Chunk* chunk = chunks_[index / kChunk].load(std::memory_order_acquire);
    return chunk == nullptr ? nullptr : &(*chunk)[index % kChunk];
  }

 private:
  static constexpr std::size_t kChunk = 64;
  using Chunk = std::array<Block, kChunk>;

  std::array<std::atomic<Chunk*>, kCapacity / kChunk> chunks_{};
  Block overflow_;
};

}  // namespace sluice::http
