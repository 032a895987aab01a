#pragma once

#include <array>
#include <string_view>

#include "dataplane/base/counter.h"

namespace sluice::ip {

/// What one worker's IP layer has done, and every reason it had to drop something. What each means
/// stands in kCounterFields.
struct Counters {
  Counter frames_received;
  Counter datagrams_delivered;
  Counter packets_sent;

  Counter frame_short;
  Counter frame_foreign;
  Counter frame_tagged;
  Counter frame_unknown_type;

  Counter ip_malformed;
  Counter ip_bad_checksum;
  Counter ip_bad_source;
  Counter ip_not_ours;
  Counter ip_group;
  Counter ip_fragment;
  Counter fragments_received;
  Counter datagrams_reassembled;
  Counter fragment_malformed;
  Counter fragment_tiny;
  Counter fragment_overlaps;
  Counter fragment_duplicates;
  Counter fragment_too_many;
  Counter fragment_marks;
  Counter fragment_of_refused;
  Counter fragment_timeouts;
  Counter fragment_evicted;
  Counter fragment_no_room;
  Counter ip_source_route;
  Counter ip_extension;
  Counter ip_unknown_protocol;
  Counter transport_bad_checksum;
  Counter transport_split_header;

  Counter arp_malformed;
  Counter arp_answered;
  Counter ndp_invalid;
  Counter ndp_answered;
  Counter address_conflict;

  Counter neighbours;
  Counter neighbours_evicted;
  Counter solicitations_sent;
  Counter solicitations_limited;
  Counter resolutions_failed;
  Counter pending_dropped;
  Counter unresolved_dropped;

  Counter send_no_route;
  Counter send_to_self;
  Counter send_too_big;
  Counter send_no_buffer;

  Counter icmp_malformed;
  Counter icmp_ignored;
  Counter icmp_errors_received;
  Counter icmp_mtu_refused;
  Counter icmp_errors_sent;
  Counter icmp_errors_limited;
  Counter echo_answered;
  Counter echo_limited;
};

struct CounterField {
  std::string_view name;
  std::string_view help;
  Counter Counters::*counter;
  bool current = false;  ///< how many there are now, not how many there have been
};

/// Every counter with the name and the description it is shown with. `neighbours` alone can fall.
inline constexpr std::array kCounterFields{
    CounterField{"frames_received", "frames taken from ports", &Counters::frames_received},
    CounterField{"datagrams_delivered", "TCP packets handed up", &Counters::datagrams_delivered},
    CounterField{"packets_sent", "IP packets handed to a port", &Counters::packets_sent},

    CounterField{"frame_short", "dropped: shorter than an Ethernet header", &Counters::frame_short},
    CounterField{"frame_foreign",
                 "dropped: for another MAC address, or from a port of no interface",
                 &Counters::frame_foreign},
    CounterField{"frame_tagged", "dropped: VLAN-tagged", &Counters::frame_tagged},
    CounterField{"frame_unknown_type", "dropped: neither IPv4, IPv6 nor ARP",
                 &Counters::frame_unknown_type},

    CounterField{"ip_malformed", "dropped: wrong version or lengths in an IP header",
                 &Counters::ip_malformed},
    CounterField{"ip_bad_checksum", "dropped: wrong IPv4 header checksum",
                 &Counters::ip_bad_checksum},
    CounterField{"ip_bad_source", "dropped: a source address no host can have, or our own",
                 &Counters::ip_bad_source},
    CounterField{"ip_not_ours", "dropped: for an address that is not ours", &Counters::ip_not_ours},
    CounterField{"ip_group", "dropped: TCP or UDP to a broadcast or multicast address",
                 &Counters::ip_group},
    CounterField{"ip_fragment", "dropped: fragments, where they are not put together",
                 &Counters::ip_fragment},
    CounterField{"fragments_received", "fragments taken to be put together",
                 &Counters::fragments_received},
    CounterField{"datagrams_reassembled", "datagrams put together of fragments",
                 &Counters::datagrams_reassembled},
    CounterField{"fragment_malformed", "datagrams dropped: a fragment of an impossible length",
                 &Counters::fragment_malformed},
    CounterField{"fragment_tiny", "datagrams dropped: the first fragment splits the TCP header",
                 &Counters::fragment_tiny},
    CounterField{"fragment_overlaps", "datagrams dropped: fragments overlap or contradict",
                 &Counters::fragment_overlaps},
    CounterField{"fragment_duplicates", "fragments dropped: there twice",
                 &Counters::fragment_duplicates},
    CounterField{"fragment_too_many", "datagrams dropped: in too many fragments",
                 &Counters::fragment_too_many},
    CounterField{"fragment_marks",
                 "datagrams dropped: a congestion mark among unmarkable fragments",
                 &Counters::fragment_marks},
    CounterField{"fragment_of_refused", "fragments dropped: others of their datagram were bad",
                 &Counters::fragment_of_refused},
    CounterField{"fragment_timeouts", "datagrams dropped: fragments are missing",
                 &Counters::fragment_timeouts},
    CounterField{"fragment_evicted", "datagrams dropped: newer ones took their place",
                 &Counters::fragment_evicted},
    CounterField{"fragment_no_room", "fragments dropped: packet buffers are short",
                 &Counters::fragment_no_room},
    CounterField{"ip_source_route", "dropped: source-routed, or malformed IPv4 options",
                 &Counters::ip_source_route},
    CounterField{"ip_extension", "dropped: IPv6 extension headers that are refused",
                 &Counters::ip_extension},
    CounterField{"ip_unknown_protocol", "dropped: neither TCP nor ICMP",
                 &Counters::ip_unknown_protocol},
    CounterField{"transport_bad_checksum", "dropped: the port found the TCP checksum wrong",
                 &Counters::transport_bad_checksum},
    CounterField{"transport_split_header", "dropped: headers scattered over several buffers",
                 &Counters::transport_split_header},

    CounterField{"arp_malformed", "dropped: ARP that is not valid", &Counters::arp_malformed},
    CounterField{"arp_answered", "ARP requests answered", &Counters::arp_answered},
    CounterField{"ndp_invalid", "dropped: neighbour discovery that RFC 4861 calls invalid",
                 &Counters::ndp_invalid},
    CounterField{"ndp_answered", "neighbour solicitations answered", &Counters::ndp_answered},
    CounterField{"address_conflict", "another host claims an address of ours",
                 &Counters::address_conflict},

    CounterField{"neighbours", "neighbours known now", &Counters::neighbours, true},
    CounterField{"neighbours_evicted", "neighbours forgotten for want of room",
                 &Counters::neighbours_evicted},
    CounterField{"solicitations_sent", "ARP requests and neighbour solicitations sent",
                 &Counters::solicitations_sent},
    CounterField{"solicitations_limited", "not sent: more than the rate limit",
                 &Counters::solicitations_limited},
    CounterField{"resolutions_failed", "neighbours that did not answer",
                 &Counters::resolutions_failed},
    CounterField{"pending_dropped", "dropped: too many packets waiting for a neighbour",
                 &Counters::pending_dropped},
    CounterField{"unresolved_dropped", "dropped: the neighbour does not answer",
                 &Counters::unresolved_dropped},

    CounterField{"send_no_route", "not sent: no route", &Counters::send_no_route},
    CounterField{"send_to_self", "not sent: to an address of ours", &Counters::send_to_self},
    CounterField{"send_too_big", "not sent: larger than the MTU", &Counters::send_too_big},
    CounterField{"send_no_buffer", "not sent: no packet buffer, or no headroom in it",
                 &Counters::send_no_buffer},

    CounterField{"icmp_malformed", "dropped: ICMP that is too short or has a wrong checksum",
                 &Counters::icmp_malformed},
    CounterField{"icmp_ignored", "dropped: ICMP of no interest", &Counters::icmp_ignored},
    CounterField{"icmp_errors_received", "ICMP errors about our segments handed to TCP",
                 &Counters::icmp_errors_received},
    CounterField{"icmp_mtu_refused",
                 "dropped: \"packet too big\" about a packet that is not, or below the minimum",
                 &Counters::icmp_mtu_refused},
    CounterField{"icmp_errors_sent", "ICMP errors sent", &Counters::icmp_errors_sent},
    CounterField{"icmp_errors_limited", "ICMP errors not sent: more than the rate limit",
                 &Counters::icmp_errors_limited},
    CounterField{"echo_answered", "echo requests answered", &Counters::echo_answered},
    CounterField{"echo_limited", "echo requests dropped: more than the rate limit",
                 &Counters::echo_limited},
};
static_assert(sizeof(Counters) == kCounterFields.size() * sizeof(Counter),
              "every counter has a name and a description");

}  // namespace sluice::ip
