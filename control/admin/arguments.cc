#include "control/admin/arguments.h"

#include <charconv>

namespace sluice::control {

std::optional<std::uint64_t> parse_number(std::string_view text, std::uint64_t least,
                                          std::uint64_t most) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end || number < least || number > most) return {};
  return number;
}

std::optional<wire::Prefix> parse_network(std::string_view text) {
  if (text.find('/') != std::string_view::npos) return wire::Prefix::parse(text);
  const auto address = wire::IpAddress::parse(text);
  if (!address) return {};
  return wire::Prefix{*address, static_cast<std::uint8_t>(address->is_v4() ? 32 : 128)};
}

}  // namespace sluice::control
