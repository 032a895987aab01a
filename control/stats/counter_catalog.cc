#include "control/stats/counter_catalog.h"

#include <array>
#include <cctype>
#include <string_view>
#include <utility>

#include "http/head_error.h"

namespace sluice::control {
namespace {

template <typename Block>
struct Field {
  std::string_view name;
  std::string_view help;
  Counter Block::*counter;
  bool current = false;
};

// What is not a count of all times.
constexpr bool kCurrent = true;

constexpr std::array kPortFields{
    Field<port::Counters>{"received_packets", "packets taken from receive queues",
                          &port::Counters::received_packets},
    Field<port::Counters>{"received_bytes", "their bytes", &port::Counters::received_bytes},
    Field<port::Counters>{"transmitted_packets", "packets the ports took for sending",
                          &port::Counters::transmitted_packets},
    Field<port::Counters>{"transmitted_bytes", "their bytes", &port::Counters::transmitted_bytes},
    Field<port::Counters>{
        "transmit_drops",
        "not sent: too many waited for room in the port's queue, or it has no link",
        &port::Counters::transmit_drops},
    Field<port::Counters>{"transmit_refused", "not sent: the port cannot send such a packet",
                          &port::Counters::transmit_refused},
    Field<port::Counters>{"handed_off", "packets given to the worker that owns their flow",
                          &port::Counters::handed_off},
    Field<port::Counters>{"hand_off_drops", "dropped: another worker's ring was full",
                          &port::Counters::hand_off_drops},
    Field<port::Counters>{"copied", "copies of neighbour protocols given to other workers",
                          &port::Counters::copied},
    Field<port::Counters>{"copy_failures", "such copies that could not be made or given",
                          &port::Counters::copy_failures},
    Field<port::Counters>{"transmit_handed_off", "frames given to a worker with a transmit queue",
                          &port::Counters::transmit_handed_off},
    Field<port::Counters>{"transmit_hand_off_drops", "not sent: that worker's ring was full",
                          &port::Counters::transmit_hand_off_drops},
};

constexpr std::array kTcpFields{
    Field<tcp::Counters>{"connections", "connections now, without half-open and TIME_WAIT",
                         &tcp::Counters::connections, kCurrent},
    Field<tcp::Counters>{"awaiting_fin",
                         "of these, closed here: nothing is left but the peer's FIN",
                         &tcp::Counters::awaiting_fin, kCurrent},
    Field<tcp::Counters>{"half_open", "handshakes under way now", &tcp::Counters::half_open,
                         kCurrent},
    Field<tcp::Counters>{"time_wait", "TIME_WAIT records now", &tcp::Counters::time_wait, kCurrent},
    Field<tcp::Counters>{"segments_received", "well-formed segments",
                         &tcp::Counters::segments_received},
    Field<tcp::Counters>{"segments_sent", "all segments, retransmissions and resets included",
                         &tcp::Counters::segments_sent},
    Field<tcp::Counters>{"payload_bytes_received", "bytes delivered in order",
                         &tcp::Counters::payload_bytes_received},
    Field<tcp::Counters>{"payload_bytes_sent", "bytes sent for the first time",
                         &tcp::Counters::payload_bytes_sent},
    Field<tcp::Counters>{"connections_accepted", "connections that clients opened",
                         &tcp::Counters::connections_accepted},
    Field<tcp::Counters>{"connections_opened", "connections opened to servers",
                         &tcp::Counters::connections_opened},
    Field<tcp::Counters>{"connections_failed", "attempts that were refused or never answered",
                         &tcp::Counters::connections_failed},
    Field<tcp::Counters>{"connects_no_route", "connections to servers not begun: no route",
                         &tcp::Counters::connects_no_route},
    Field<tcp::Counters>{"connects_full", "connections to servers not begun: the table is full",
                         &tcp::Counters::connects_full},
    Field<tcp::Counters>{"connects_no_port",
                         "connections to servers not begun: no local port is free",
                         &tcp::Counters::connects_no_port},
    Field<tcp::Counters>{"connections_reset", "open connections ended by the peer's reset",
                         &tcp::Counters::connections_reset},
    Field<tcp::Counters>{"connections_timed_out", "given up: the peer stopped acknowledging",
                         &tcp::Counters::connections_timed_out},
    Field<tcp::Counters>{"connections_aborted", "ended by our reset",
                         &tcp::Counters::connections_aborted},
    Field<tcp::Counters>{"connections_orphaned",
                         "closed by us and given up: the peer's end never came",
                         &tcp::Counters::connections_orphaned},
    Field<tcp::Counters>{"connections_stalled", "given up: the peer's window stayed closed",
                         &tcp::Counters::connections_stalled},
    Field<tcp::Counters>{"stalled_dropped_for_memory",
                         "given up sooner for the same reason: buffers were short",
                         &tcp::Counters::stalled_dropped_for_memory},
    Field<tcp::Counters>{"syns_received", "SYNs to a listening address",
                         &tcp::Counters::syns_received},
    Field<tcp::Counters>{"syns_dropped_backlog", "SYNs dropped: too many half-open connections",
                         &tcp::Counters::syns_dropped_backlog},
    Field<tcp::Counters>{"syns_dropped_memory", "SYNs dropped: buffers are short",
                         &tcp::Counters::syns_dropped_memory},
    Field<tcp::Counters>{"syn_cookies_sent", "SYNs answered without being remembered (RFC 4987)",
                         &tcp::Counters::syn_cookies_sent},
    Field<tcp::Counters>{"syn_cookies_accepted", "connections made from a cookie",
                         &tcp::Counters::syn_cookies_accepted},
    Field<tcp::Counters>{"syn_cookies_rejected",
                         "ACKs without a valid cookie: old ones, or guesses",
                         &tcp::Counters::syn_cookies_rejected},
    Field<tcp::Counters>{"accepts_dropped_full", "handshakes not completed: the table is full",
                         &tcp::Counters::accepts_dropped_full},
    Field<tcp::Counters>{"half_open_reset", "handshakes that the client ended by a reset",
                         &tcp::Counters::half_open_reset},
    Field<tcp::Counters>{"half_open_expired", "handshakes that the client never completed",
                         &tcp::Counters::half_open_expired},
    Field<tcp::Counters>{"time_wait_recycled", "TIME_WAIT records given up early for room",
                         &tcp::Counters::time_wait_recycled},
    Field<tcp::Counters>{"time_wait_reused", "TIME_WAIT pairs that a new SYN took over",
                         &tcp::Counters::time_wait_reused},
    Field<tcp::Counters>{"ecn_connections", "connections that use explicit congestion notification",
                         &tcp::Counters::ecn_connections},
    Field<tcp::Counters>{"time_wait_reconnected",
                         "TIME_WAIT pairs that a connection of ours took over",
                         &tcp::Counters::time_wait_reconnected},
    Field<tcp::Counters>{"retransmitted_segments", "segments sent again",
                         &tcp::Counters::retransmitted_segments},
    Field<tcp::Counters>{"retransmission_timeouts", "times the retransmission timer fired",
                         &tcp::Counters::retransmission_timeouts},
    Field<tcp::Counters>{"fast_retransmits", "entries into fast recovery",
                         &tcp::Counters::fast_retransmits},
    Field<tcp::Counters>{"slow_start_exits",
                         "slow starts ended by longer round trips, not by a loss",
                         &tcp::Counters::slow_start_exits},
    Field<tcp::Counters>{"ecn_reductions",
                         "congestion windows reduced since the peer told of marks (ECE)",
                         &tcp::Counters::ecn_reductions},
    Field<tcp::Counters>{"idle_restarts", "congestion windows reset after a time without sending",
                         &tcp::Counters::idle_restarts},
    Field<tcp::Counters>{"rack_marked_lost", "segments found lost by time (RACK)",
                         &tcp::Counters::rack_marked_lost},
    Field<tcp::Counters>{"tlp_probes", "tail loss probes sent", &tcp::Counters::tlp_probes},
    Field<tcp::Counters>{"tlp_repairs", "losses that only a tail loss probe repaired",
                         &tcp::Counters::tlp_repairs},
    Field<tcp::Counters>{"reordered_deliveries", "acknowledgements that showed reordering",
                         &tcp::Counters::reordered_deliveries},
    Field<tcp::Counters>{"spurious_timeouts", "timeouts taken back: the answer was only late",
                         &tcp::Counters::spurious_timeouts},
    Field<tcp::Counters>{"spurious_recoveries", "fast recoveries taken back: nothing was lost",
                         &tcp::Counters::spurious_recoveries},
    Field<tcp::Counters>{"sack_blocks_received", "SACK blocks of what is in flight",
                         &tcp::Counters::sack_blocks_received},
    Field<tcp::Counters>{"sack_blocks_ignored", "SACK blocks of what is not in flight",
                         &tcp::Counters::sack_blocks_ignored},
    Field<tcp::Counters>{"sack_reneged", "times a peer no longer had what it told by SACK",
                         &tcp::Counters::sack_reneged},
    Field<tcp::Counters>{"dsacks_received", "duplicates that peers reported",
                         &tcp::Counters::dsacks_received},
    Field<tcp::Counters>{"ecn_marks_received", "data segments that a router marked (CE)",
                         &tcp::Counters::ecn_marks_received},
    Field<tcp::Counters>{"dsacks_sent", "duplicates reported to peers",
                         &tcp::Counters::dsacks_sent},
    Field<tcp::Counters>{"path_mtu_reduced",
                         "times \"packet too big\" made a connection's segments smaller",
                         &tcp::Counters::path_mtu_reduced},
    Field<tcp::Counters>{"path_mtu_ignored",
                         "\"packet too big\" about nothing in flight, no decrease, or too many",
                         &tcp::Counters::path_mtu_ignored},
    Field<tcp::Counters>{"black_hole_probes",
                         "times segments were made smaller since large ones got no answer",
                         &tcp::Counters::black_hole_probes},
    Field<tcp::Counters>{"black_holes_found", "times that such smaller segments got through",
                         &tcp::Counters::black_holes_found},
    Field<tcp::Counters>{"zero_window_probes", "probes of a closed window",
                         &tcp::Counters::zero_window_probes},
    Field<tcp::Counters>{"keep_alive_probes", "probes of idle connections",
                         &tcp::Counters::keep_alive_probes},
    Field<tcp::Counters>{"keep_alive_timeouts", "idle connections given up: no answer to probes",
                         &tcp::Counters::keep_alive_timeouts},
    Field<tcp::Counters>{"duplicate_acks_received", "duplicate acknowledgements",
                         &tcp::Counters::duplicate_acks_received},
    Field<tcp::Counters>{"delayed_acks_sent", "acknowledgements sent by the delay timer",
                         &tcp::Counters::delayed_acks_sent},
    Field<tcp::Counters>{"malformed", "dropped: the header is shorter than it says",
                         &tcp::Counters::malformed},
    Field<tcp::Counters>{"bad_checksum", "dropped: wrong checksum", &tcp::Counters::bad_checksum},
    Field<tcp::Counters>{"out_of_window", "dropped and answered: outside of the window",
                         &tcp::Counters::out_of_window},
    Field<tcp::Counters>{"paws_rejected", "dropped: an old timestamp (RFC 7323 section 5)",
                         &tcp::Counters::paws_rejected},
    Field<tcp::Counters>{"timestamp_missing",
                         "dropped: no timestamp, although both sides agreed on them",
                         &tcp::Counters::timestamp_missing},
    Field<tcp::Counters>{"acknowledgment_missing", "dropped: no ACK, after a handshake has begun",
                         &tcp::Counters::acknowledgment_missing},
    Field<tcp::Counters>{"receive_windows_grown", "times the use of a receive window enlarged it",
                         &tcp::Counters::receive_windows_grown},
    Field<tcp::Counters>{"out_of_order", "segments kept for reassembly",
                         &tcp::Counters::out_of_order},
    Field<tcp::Counters>{"out_of_order_dropped", "dropped: too far apart, or buffers are short",
                         &tcp::Counters::out_of_order_dropped},
    Field<tcp::Counters>{"dropped_for_memory",
                         "dropped: buffers are short and the connection holds its share",
                         &tcp::Counters::dropped_for_memory},
    Field<tcp::Counters>{"challenge_acks", "challenges to suspicious segments (RFC 5961)",
                         &tcp::Counters::challenge_acks},
    Field<tcp::Counters>{"challenge_acks_suppressed", "challenges not sent: too many",
                         &tcp::Counters::challenge_acks_suppressed},
    Field<tcp::Counters>{"unexpected_segments", "for no connection; answered with a reset",
                         &tcp::Counters::unexpected_segments},
    Field<tcp::Counters>{"listener_ignored",
                         "dropped: to a listener, neither opening a connection nor acknowledging",
                         &tcp::Counters::listener_ignored},
    Field<tcp::Counters>{"resets_sent", "resets sent", &tcp::Counters::resets_sent},
    Field<tcp::Counters>{"resets_suppressed", "such resets not sent: too many",
                         &tcp::Counters::resets_suppressed},
    Field<tcp::Counters>{"resets_received", "acceptable resets received",
                         &tcp::Counters::resets_received},
    Field<tcp::Counters>{"resets_unexpected",
                         "dropped: resets for no connection, or outside its window",
                         &tcp::Counters::resets_unexpected},
    Field<tcp::Counters>{"no_buffer", "segments not sent: no packet buffer",
                         &tcp::Counters::no_buffer},
    Field<tcp::Counters>{"port_waits", "times data waited since its port had no room",
                         &tcp::Counters::port_waits},
};

constexpr std::array kTlsFields{
    Field<tls::Counters>{"handshakes_started", "handshakes begun",
                         &tls::Counters::handshakes_started},
    Field<tls::Counters>{"handshakes_completed", "full and resumed handshakes",
                         &tls::Counters::handshakes_completed},
    Field<tls::Counters>{"handshakes_resumed", "resumed handshakes",
                         &tls::Counters::handshakes_resumed},
    Field<tls::Counters>{"handshakes_failed", "handshakes that failed or were given up",
                         &tls::Counters::handshakes_failed},
    Field<tls::Counters>{"handshakes_refused",
                         "not begun: too many waited, too long, or of one source",
                         &tls::Counters::handshakes_refused},
    Field<tls::Counters>{"handshakes_waiting", "clients' handshakes that wait for their turn now",
                         &tls::Counters::handshakes_waiting, kCurrent},
    Field<tls::Counters>{"tls12", "handshakes completed with TLS 1.2", &tls::Counters::tls12},
    Field<tls::Counters>{"tls13", "handshakes completed with TLS 1.3", &tls::Counters::tls13},
    Field<tls::Counters>{"records_rejected", "records that are not authentic or not allowed",
                         &tls::Counters::records_rejected},
    Field<tls::Counters>{"alerts_received", "fatal alerts", &tls::Counters::alerts_received},
    Field<tls::Counters>{"control_floods", "closed: too many records that carry no data",
                         &tls::Counters::control_floods},
    Field<tls::Counters>{"truncated", "ended by FIN without close_notify",
                         &tls::Counters::truncated},
    Field<tls::Counters>{"key_updates", "keys replaced: of peers and our own, TLS 1.3",
                         &tls::Counters::key_updates},
    Field<tls::Counters>{"out_of_buffers", "connections ended: no packet buffer",
                         &tls::Counters::out_of_buffers},
    Field<tls::Counters>{"records_postponed", "records that waited for a packet buffer",
                         &tls::Counters::records_postponed},
    Field<tls::Counters>{"lingering", "closed streams that wait for buffers now",
                         &tls::Counters::lingering, kCurrent},
};

constexpr std::array kProxyFields{
    Field<http::ProxyCounters>{"bad_request_bodies", "requests with a broken chunked coding",
                               &http::ProxyCounters::bad_request_bodies},
    Field<http::ProxyCounters>{"bad_response_bodies", "responses with a broken chunked coding",
                               &http::ProxyCounters::bad_response_bodies},
    Field<http::ProxyCounters>{"unsolicited", "pooled connections closed: unasked bytes",
                               &http::ProxyCounters::unsolicited},
    Field<http::ProxyCounters>{"pool_overflows", "server connections closed: the pool was full",
                               &http::ProxyCounters::pool_overflows},
    Field<http::ProxyCounters>{"lingering_timeouts",
                               "clients that went on sending after their last response",
                               &http::ProxyCounters::lingering_timeouts},
    Field<http::ProxyCounters>{"out_of_buffers", "exchanges given up: no packet buffer",
                               &http::ProxyCounters::out_of_buffers},
    Field<http::ProxyCounters>{"refused_sessions", "connections refused: no room, or draining",
                               &http::ProxyCounters::refused_sessions},
    Field<http::ProxyCounters>{"access_log_drops",
                               "lines of the access log dropped: a worker's buffer was full",
                               &http::ProxyCounters::access_log_drops},
    Field<http::ProxyCounters>{"listen_failures", "addresses that could not be listened on",
                               &http::ProxyCounters::listen_failures},
};

constexpr std::array kWorkerFields{
    Field<worker::Counters>{"loops", "passes of the loop", &worker::Counters::loops},
    Field<worker::Counters>{"busy_cycles", "processor cycles of passes that had work",
                            &worker::Counters::busy_cycles},
    Field<worker::Counters>{"idle_cycles", "processor cycles of all others, sleep included",
                            &worker::Counters::idle_cycles},
    Field<worker::Counters>{"sleeps", "rests of an idle worker", &worker::Counters::sleeps},
    Field<worker::Counters>{"timers_fired", "timers that fired", &worker::Counters::timers_fired},
    Field<worker::Counters>{"messages", "passes that had a message from the control thread",
                            &worker::Counters::messages},
};

// Whether a table has a row for each counter of a block that holds nothing else.
template <typename Block, std::size_t size>
constexpr bool complete(const std::array<Field<Block>, size>& fields, std::size_t others = 0) {
  return sizeof(Block) == fields.size() * sizeof(Counter) + others;
}
static_assert(complete(kPortFields), "a counter of port/counters.h has no row above");
static_assert(complete(kTcpFields), "a counter of tcp/counters.h has no row above");
static_assert(complete(kTlsFields), "a counter of tls/environment.h has no row above");
static_assert(complete(kProxyFields,
                       (2 * http::kHeadErrors + tls::kCertificateFaults) * sizeof(Counter)),
              "a counter of http/counters.h has no row above");
static_assert(complete(kWorkerFields, sizeof(worker::BurstHistogram)),
              "a counter of worker/counters.h has no row above");

class Builder {
 public:
  template <typename Fields, typename Select>
  void add(const std::string& layer, const Fields& fields, Select select) {
    for (const auto& field : fields) {
      const auto counter = field.counter;
      put(layer, std::string(field.name), std::string(field.help),
          [counter, select](const WorkerCounters& from) { return (select(from).*counter).get(); });
      if constexpr (requires { field.current; }) entries.back().current = field.current;
    }
  }

  void put(const std::string& layer, const std::string& name, std::string help,
           std::function<std::uint64_t(const WorkerCounters&)> read) {
    entries.push_back({layer + "." + name, std::move(help), std::move(read)});
  }

  std::vector<CounterEntry> entries;
};

void add_worker(Builder& builder) {
  builder.add(
      "worker", kWorkerFields,
      [](const WorkerCounters& from) -> const auto& { return from.worker; });
  for (std::size_t i = 0; i < worker::BurstHistogram{}.buckets.size(); ++i) {
    builder.put("worker", "bursts_" + std::to_string(1U << i),
                "receive bursts of " + std::to_string(1U << i) +
                    " packets or more, but less than twice as many",
                [i](const WorkerCounters& from) { return from.worker.bursts.buckets[i].get(); });
  }
  builder.put("worker", "buffers_free", "packet buffers free now",
              [](const WorkerCounters& from) { return from.pool.available(); });
  builder.entries.back().current = true;
  builder.put("worker", "buffer_failures", "requests for a buffer that found none",
              [](const WorkerCounters& from) { return from.pool.allocation_failures(); });
}

void add_ports(Builder& builder) {
  for (const auto& field : kPortFields) {
    const auto counter = field.counter;
    builder.put("port", std::string(field.name), std::string(field.help),
                [counter](const WorkerCounters& from) {
                  std::uint64_t sum = 0;
                  for (const port::Counters* port : from.ports) sum += (port->*counter).get();
                  return sum;
                });
  }
}

// "wrong name": "wrong_name"
std::string word(std::string_view words) {
  std::string text;
  for (const char c : words) {
    const bool letter = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (letter) text += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (!letter && !text.ends_with('_')) text += '_';
  }
  return text;
}

void add_proxy(Builder& builder) {
  builder.add(
      "http", kProxyFields, [](const WorkerCounters& from) -> const auto& { return from.proxy; });
  for (std::size_t i = 1; i < http::kHeadErrors; ++i) {
    const auto error = static_cast<http::HeadError>(i);
    builder.put("http", "refused_requests." + word(to_string(error)),
                "requests refused: " + std::string(to_string(error)),
                [i](const WorkerCounters& from) { return from.proxy.refused_requests[i].get(); });
  }
  for (std::size_t i = 1; i < http::kHeadErrors; ++i) {
    const auto error = static_cast<http::HeadError>(i);
    builder.put("http", "refused_responses." + word(to_string(error)),
                "responses refused: " + std::string(to_string(error)),
                [i](const WorkerCounters& from) { return from.proxy.refused_responses[i].get(); });
  }
  for (std::size_t i = 0; i < tls::kCertificateFaults; ++i) {
    const std::string_view fault = to_string(static_cast<tls::CertificateFault>(i));
    builder.put(
        "http", "refused_certificates." + word(fault),
        "TLS with servers that were not trusted: " + std::string(fault),
        [i](const WorkerCounters& from) { return from.proxy.refused_certificates[i].get(); });
  }
}

std::vector<CounterEntry> make_catalog() {
  Builder builder;
  add_worker(builder);
  add_ports(builder);
  builder.add(
      "ip", ip::kCounterFields, [](const WorkerCounters& from) -> const auto& { return from.ip; });
  builder.add(
      "tcp", kTcpFields, [](const WorkerCounters& from) -> const auto& { return from.tcp; });
  builder.add(
      "tls", kTlsFields, [](const WorkerCounters& from) -> const auto& { return from.tls; });
  builder.add(
      "tls_backend", kTlsFields,
      [](const WorkerCounters& from) -> const auto& { return from.tls_backend; });
  add_proxy(builder);
  return std::move(builder.entries);
}

}  // namespace

const std::vector<CounterEntry>& counter_catalog() {
  static const std::vector<CounterEntry> catalog = make_catalog();
  return catalog;
}

std::string counter_reference() {
  std::string text = "| counter | what it counts |\n| --- | --- |\n";
  for (const CounterEntry& entry : counter_catalog()) {
    text += "| `" + entry.name + "` | " + entry.help + " |\n";
  }
  return text;
}

}  // namespace sluice::control
