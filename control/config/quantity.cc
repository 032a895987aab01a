#include "control/config/quantity.h"

#include <array>
#include <charconv>
#include <limits>
#include <span>

namespace sluice::control {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t worth;
};

// Smallest first.
constexpr std::array<Unit, 6> kTimeUnits{{{"us", 1'000},
                                          {"ms", 1'000'000},
                                          {"s", 1'000'000'000},
                                          {"m", 60'000'000'000},
                                          {"h", 3'600'000'000'000},
                                          {"d", 86'400'000'000'000}}};
constexpr std::array<Unit, 4> kSizeUnits{
    {{"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}}};

std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units,
                                   std::uint64_t most) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{}) return {};
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  for (const Unit& unit : units) {
    if (name != unit.name) continue;
    if (number > most / unit.worth) return {};
    return number * unit.worth;
  }
  return {};
}

std::string format(std::uint64_t amount, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (amount != 0 && amount % unit.worth == 0) best = &unit;
  }
  return std::to_string(amount / best->worth).append(best->name);
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto amount = parse(text, kTimeUnits,
                            static_cast<std::uint64_t>(std::numeric_limits<Duration::rep>::max()));
  if (!amount) return {};
  return Duration(static_cast<Duration::rep>(*amount));
}

std::string format_duration(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  return format(static_cast<std::uint64_t>(duration.count()), kTimeUnits);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
  return parse(text, kSizeUnits, std::numeric_limits<std::uint64_t>::max());
}

std::string format_size(std::uint64_t bytes) {
  return format(bytes, kSizeUnits);
}

}  // namespace sluice::control
