#include "control/config/key_sections.h"

namespace sluice::control {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kMostEntries = 16U << 20;
constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;

template <typename Narrow>
ValueType<Narrow> small_integer(std::uint32_t least, std::uint32_t most) {
  return narrowed<Narrow>(integer(least, most));
}

}  // namespace

Section<TcpConfig> tcp_section(const std::shared_ptr<Atlas>& atlas) {
  Section<TcpConfig> section(atlas, "[tcp]",
                             "TCP. The defaults suit the internet; most farms need none of these.");
  using C = TcpConfig;
  using Stack = tcp::StackConfig;
  section
      .key("receive_buffer", narrowed<std::uint32_t>(size(4 * kKiB, 16 * kMiB)),
           inside(&C::stack, &Stack::receive_buffer),
           "The largest receive window of a connection: what a peer may send before it is "
           "forwarded. Windows shrink when buffers are short.")
      .key("receive_buffer_initial", narrowed<std::uint32_t>(size(4 * kKiB, 16 * kMiB)),
           inside(&C::stack, &Stack::receive_buffer_initial),
           "The largest window to begin with; it grows as far as a connection makes use of it.")
      .key("max_half_open", integer(16, kMostEntries), inside(&C::stack, &Stack::max_half_open),
           "Handshakes that clients have begun and not ended; further ones get SYN cookies, or are "
           "dropped. The workers share the number evenly.")
      .key("syn_cookies",
           choice<tcp::SynCookieUse>({{"pressure", tcp::SynCookieUse::kUnderPressure},
                                      {"always", tcp::SynCookieUse::kAlways},
                                      {"off", tcp::SynCookieUse::kOff}}),
           inside(&C::stack, &Stack::syn_cookies),
           "When a SYN is answered without being remembered: when three quarters of "
           "`max_half_open` are in use or buffers are short, always, or never.")
      .key("max_time_wait", integer(16, kMostEntries), inside(&C::stack, &Stack::max_time_wait),
           "Records of closed connections; the oldest are given up when there are more. The "
           "workers share the number evenly.")
      .key("time_wait", duration(1s, 4min), inside(&C::stack, &Stack::time_wait),
           "How long a closed connection's addresses are kept from reuse (2 MSL).")
      .key("orphan_timeout", duration(1s, 1h), inside(&C::stack, &Stack::orphan_timeout),
           "How long a connection closed on our side waits for the peer to close, too.")
      .key("give_up_after", duration(1s, 1h), inside(&C::stack, &Stack::give_up_after),
           "How long sent data may stay unacknowledged before the connection is given up.")
      .key("keep_alive.enabled", boolean(), inside(&C::stack, &Stack::keep_alive),
           "Probe connections on which nothing happens, and give them up without an answer.")
      .key("keep_alive.idle", duration(1s, 24h), inside(&C::stack, &Stack::keep_alive_idle),
           "How long nothing must have been received before the first probe.")
      .key("keep_alive.interval", duration(1s, 1h), inside(&C::stack, &Stack::keep_alive_interval),
           "The time between unanswered probes.")
      .key("keep_alive.probes", small_integer<std::uint8_t>(1, 100),
           inside(&C::stack, &Stack::keep_alive_probes),
           "Unanswered probes after which the connection is given up.")
      .key("stalled_timeout", duration(10s, 24h), inside(&C::stack, &Stack::stalled_timeout),
           "How long a peer may keep its receive window closed while there is something to send. "
           "Seconds when buffers are short.")
      .key("syn_retries", small_integer<std::uint8_t>(0, 12),
           inside(&C::stack, &Stack::syn_retries),
           "How often an unanswered SYN or SYN-ACK is sent again.")
      .key("black_hole_detection", boolean(), inside(&C::stack, &Stack::black_hole_detection),
           "Try smaller segments when full ones stay unacknowledged: some paths drop large packets "
           "and do not say so.")
      .key("delayed_ack", duration(1ms, 499ms), inside(&C::stack, &Stack::delayed_ack),
           "How long an acknowledgement may wait for data to travel with.")
      .key("rto.initial", duration(100ms, 60s), inside(&C::stack, &Stack::rto_initial),
           "The retransmission timeout before a round trip was measured.")
      .key("rto.minimum", duration(10ms, 10s), inside(&C::stack, &Stack::rto_minimum),
           "The shortest retransmission timeout.")
      .key("rto.maximum", duration(1s, 10min), inside(&C::stack, &Stack::rto_maximum),
           "The longest retransmission timeout.")
      .key("sack", boolean(), inside(&C::stack, &Stack::sack),
           "Whether selective acknowledgements are offered and accepted.")
      .key("timestamps", boolean(), inside(&C::stack, &Stack::timestamps),
           "Whether timestamps are offered and accepted.")
      .key("rack", boolean(), inside(&C::stack, &Stack::rack),
           "Whether losses are found by time (RACK-TLP), rather than by what arrives out of order. "
           "Needs `sack`.")
      .key("congestion_control",
           choice<tcp::CongestionAlgorithm>({{"cubic", tcp::CongestionAlgorithm::kCubic},
                                             {"newreno", tcp::CongestionAlgorithm::kNewReno}}),
           inside(&C::stack, &Stack::congestion_control),
           "How fast the congestion window grows, and how much of it a loss takes.")
      .key("ecn",
           choice<tcp::EcnUse>({{"off", tcp::EcnUse::kOff},
                                {"accept", tcp::EcnUse::kAccept},
                                {"request", tcp::EcnUse::kRequest}}),
           inside(&C::stack, &Stack::ecn),
           "Explicit congestion notification (RFC 3168): routers mark packets of connections that "
           "use it rather than drop them. `accept` uses it where the peer asks for it; `request` "
           "also asks for it on connections that Sluice opens.")
      .key("local_port.first", small_integer<std::uint16_t>(1024, 65535),
           inside(&C::stack, &Stack::first_local_port),
           "The lowest port number used for connections to servers.")
      .key("local_port.last", small_integer<std::uint16_t>(1024, 65535),
           inside(&C::stack, &Stack::last_local_port),
           "The highest port number used for connections to servers.");
  return section;
}

}  // namespace sluice::control
