#include "dataplane/wire/ipv6.h"

#include <algorithm>

#include "dataplane/wire/ip_protocol.h"

namespace sluice::wire {
namespace {

using Outcome = Ipv6Payload::Outcome;

constexpr std::size_t kNextHeaderField = 6;  // its offset in the fixed header

// The two highest bits of an option's type say what to do when it is not known (RFC 8200 4.2).
Outcome fate_of_unknown_option(std::uint8_t type) {
  switch (type >> 6) {
    case 0:
      return Outcome::kFound;
    case 1:
      return Outcome::kDiscard;
    case 2:
      return Outcome::kUnknownOption;
    default:
      return Outcome::kUnknownOptionUnicastOnly;
  }
}

// `options` is an options header, its first two bytes included, at `offset` of the packet.
Ipv6Payload check_options(Bytes options, std::size_t offset) {
  constexpr std::uint8_t kPad1 = 0;
  constexpr std::uint8_t kPadN = 1;
  std::size_t at = 2;
  while (at < options.size()) {
    if (options[at] == kPad1) {
      ++at;
      continue;
    }
    if (options.size() - at < 2) return {Outcome::kTruncated, 0, offset + at};
    const std::size_t size = std::size_t{2} + options[at + 1];
    if (size > options.size() - at) return {Outcome::kTruncated, 0, offset + at};
    if (options[at] != kPadN) {
      const Outcome fate = fate_of_unknown_option(options[at]);
      if (fate != Outcome::kFound) return {fate, 0, offset + at};
    }
    at += size;
  }
  return {};
}

// The extension header at `offset`, which is not behind the end. Empty when it is not whole.
Bytes extension_at(Bytes packet, std::size_t offset, std::uint8_t protocol) {
  constexpr std::size_t kUnit = 8;  // of the length field, which does not count the first one
  const Bytes rest = packet.subspan(offset);
  if (rest.size() < kUnit) return {};
  const std::size_t size = protocol == kProtocolFragment ? kUnit : (1U + rest[1]) * kUnit;
  return size > rest.size() ? Bytes{} : rest.first(size);
}

bool is_extension(std::uint8_t protocol) {
  return protocol == kProtocolHopByHop || protocol == kProtocolRouting ||
         protocol == kProtocolFragment || protocol == kProtocolDestinationOptions;
}

// Looks at one extension header; kFound means that the walk goes on behind it.
Ipv6Payload check_extension(std::uint8_t protocol, Bytes header, std::size_t offset) {
  if (protocol == kProtocolFragment) {
    constexpr std::uint16_t kOffsetAndMore = 0xfff9;
    const bool whole = (load_be16(&header[2]) & kOffsetAndMore) == 0;
    return {whole ? Outcome::kFound : Outcome::kFragment, protocol, offset};
  }
  if (protocol == kProtocolRouting) {
    constexpr std::size_t kTypeField = 2;
    constexpr std::size_t kSegmentsLeftField = 3;
    const bool done = header[kSegmentsLeftField] == 0;
    return {done ? Outcome::kFound : Outcome::kBadField, protocol, offset + kTypeField};
  }
  return check_options(header, offset);
}

}  // namespace

Ipv6Payload Ipv6Payload::find(const Ipv6Header& header, Bytes packet) {
  packet = packet.first(std::min(packet.size(), header.total_length()));
  std::uint8_t protocol = header.next_header();
  std::size_t field = kNextHeaderField;
  std::size_t offset = Ipv6Header::kSize;
  for (unsigned headers = 0; is_extension(protocol); ++headers) {
    if (headers == kMostHeaders) return {Outcome::kTooManyHeaders, protocol, offset};
    if (protocol == kProtocolHopByHop && headers != 0) {
      return {Outcome::kUnknownNextHeader, protocol, field};
    }
    const Bytes extension = extension_at(packet, offset, protocol);
    if (extension.empty()) return {Outcome::kTruncated, protocol, offset};
    const Ipv6Payload verdict = check_extension(protocol, extension, offset);
    if (verdict.outcome == Outcome::kFragment) {
      return {Outcome::kFragment, protocol, offset, static_cast<std::uint32_t>(field)};
    }
    if (verdict.outcome != Outcome::kFound) return verdict;
    protocol = extension[0];
    field = offset;
    offset += extension.size();
  }
  return {Outcome::kFound, protocol, offset, static_cast<std::uint32_t>(field)};
}

void write_ipv6_header(std::uint8_t* out, const Ipv6HeaderFields& fields) {
  store_be16(
      out, static_cast<std::uint16_t>(0x6000U | static_cast<unsigned>(fields.traffic_class) << 4));
  store_be16(out + 2, 0);
  store_be16(out + 4, fields.payload_length);
  out[6] = fields.next_header;
  out[7] = fields.hop_limit;
  std::memcpy(out + 8, fields.source.bytes().data(), 16);
  std::memcpy(out + 24, fields.destination.bytes().data(), 16);
}

}  // namespace sluice::wire
