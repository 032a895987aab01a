#include "dataplane/wire/mac_address.h"

#include <charconv>
#include <cstdio>

namespace sluice::wire {

std::string MacAddress::to_string() const {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2],
                bytes[3], bytes[4], bytes[5]);
  return text;
}

std::optional<MacAddress> MacAddress::parse(std::string_view text) {
  constexpr std::size_t kTextSize = 17;
  if (text.size() != kTextSize) return {};
  MacAddress address;
  for (std::size_t i = 0; i < address.bytes.size(); ++i) {
    const char* at = text.data() + i * 3;
    const auto [end, error] = std::from_chars(at, at + 2, address.bytes[i], 16);
    if (error != std::errc{} || end != at + 2) return {};
    if (i + 1 < address.bytes.size() && *end != ':') return {};
  }
  return address;
}

}  // namespace sluice::wire
