#include "control/config/value_type.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "control/config/quantity.h"
#include "control/config/suggestion.h"
#include "control/config/wording.h"

namespace sluice::control {
namespace {

constexpr std::size_t kLongestName = 64;

std::string in_toml(std::string_view text) {
  return std::string("\"").append(text).append("\"");
}

bool name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == ':' ||
         c == '-';
}

bool has_host_bits(const wire::Prefix& prefix) {
  const auto& bytes = prefix.address.bytes();
  for (unsigned bit = prefix.length + (prefix.address.is_v4() ? 96U : 0U); bit < 128; ++bit) {
    if ((bytes[bit / 8] & (0x80U >> (bit % 8))) != 0) return true;
  }
  return false;
}

// A type whose values are texts that a function understands.
template <typename T, typename Parse, typename Format>
ValueType<T> parsed(std::string name, std::string what, Parse parse, Format format) {
  return {std::move(name),
          {},
          [what = std::move(what), parse](std::string_view key, const Value& value, T& into,
                                          Diagnostics& problems) {
            if (value.text() == nullptr) {
              wrong_type(key, value, what, problems);
              return false;
            }
            const auto result = parse(*value.text());
            if (!result) {
              wrong_text(key, value, what, problems);
              return false;
            }
            into = *result;
            return true;
          },
          format};
}

template <typename T>
std::string range_of(const T& least, const T& most, std::string (*format)(T)) {
  return format(least) + " to " + format(most);
}

}  // namespace

void wrong_type(std::string_view key, const Value& value, std::string_view what,
                Diagnostics& problems) {
  problems.error(
      value.at,
      in_quotes(key).append(" must be ").append(what).append(", not ").append(value.kind()));
}

void wrong_text(std::string_view key, const Value& value, std::string_view what,
                Diagnostics& problems) {
  problems.error(value.at, in_quotes(key)
                               .append(" must be ")
                               .append(what)
                               .append(", not ")
                               .append(in_toml(*value.text())));
}

std::string any_of(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
    text += in_toml(words[i]);
  }
  return text;
}

void wrong_choice(std::string_view key, const Value& value, const std::vector<std::string>& words,
                  Diagnostics& problems) {
  if (value.text() == nullptr) {
    wrong_type(key, value, any_of(words), problems);
    return;
  }
  problems.error(value.at, in_quotes(key) + " must be " + any_of(words) + ", not " +
                               in_toml(*value.text()) + did_you_mean(*value.text(), words));
}

ValueType<bool> boolean() {
  return {"boolean",
          {},
          [](std::string_view key, const Value& value, bool& into, Diagnostics& problems) {
            const bool* given = std::get_if<bool>(&value.data);
            if (given == nullptr) {
              wrong_type(key, value, "true or false", problems);
              return false;
            }
            into = *given;
            return true;
          },
          [](const bool& value) { return std::string(value ? "true" : "false"); }};
}

ValueType<std::uint32_t> integer(std::uint32_t least, std::uint32_t most,
                                 const std::string& unset) {
  const std::string range = std::to_string(least) + " to " + std::to_string(most);
  return {"integer", range,
          [least, most, range](std::string_view key, const Value& value, std::uint32_t& into,
                               Diagnostics& problems) {
            const auto* given = std::get_if<std::int64_t>(&value.data);
            if (given == nullptr) {
              wrong_type(key, value, "an integer (" + range + ")", problems);
              return false;
            }
            if (*given < least || *given > most) {
              problems.error(value.at, in_quotes(key) + " must be from " + range + ", not " +
                                           std::to_string(*given));
              return false;
            }
            into = static_cast<std::uint32_t>(*given);
            return true;
          },
          [unset](const std::uint32_t& value) {
            return value == 0 && !unset.empty() ? unset : std::to_string(value);
          }};
}

ValueType<Duration> duration(Duration least, Duration most) {
  const std::string range = range_of(least, most, format_duration);
  auto type = parsed<Duration>(
      "duration", "a duration such as \"250ms\", \"30s\" or \"5m\"", parse_duration,
      [](const Duration& value) { return in_toml(format_duration(value)); });
  type.range = range;
  type.read = [read = type.read, least, most, range](std::string_view key, const Value& value,
                                                     Duration& into, Diagnostics& problems) {
    Duration given{};
    if (!read(key, value, given, problems)) return false;
    if (given < least || given > most) {
      problems.error(value.at,
                     in_quotes(key) + " must be from " + range + ", not " + *value.text());
      return false;
    }
    into = given;
    return true;
  };
  return type;
}

ValueType<std::uint64_t> size(std::uint64_t least, std::uint64_t most, bool unlimited) {
  const std::string range =
      range_of(least, most, format_size) + (unlimited ? ", or 0B for no limit" : "");
  auto type =
      parsed<std::uint64_t>("size", "a size such as \"512B\", \"64KiB\" or \"1MiB\"", parse_size,
                            [](const std::uint64_t& value) { return in_toml(format_size(value)); });
  type.range = range;
  type.read = [read = type.read, least, most, unlimited, range](
                  std::string_view key, const Value& value, std::uint64_t& into,
                  Diagnostics& problems) {
    std::uint64_t given = 0;
    if (!read(key, value, given, problems)) return false;
    if ((given < least || given > most) && !(unlimited && given == 0)) {
      problems.error(value.at,
                     in_quotes(key) + " must be from " + range + ", not " + *value.text());
      return false;
    }
    into = given;
    return true;
  };
  return type;
}

ValueType<std::string> text(std::string what) {
  return {std::move(what),
          {},
          [](std::string_view key, const Value& value, std::string& into, Diagnostics& problems) {
            if (value.text() == nullptr) {
              wrong_type(key, value, "a string", problems);
              return false;
            }
            if (value.text()->empty()) {
              problems.error(value.at, in_quotes(key) + " must not be empty");
              return false;
            }
            if (value.text()->find('\0') != std::string::npos) {
              problems.error(value.at, in_quotes(key) + " must not hold a NUL character");
              return false;
            }
            into = *value.text();
            return true;
          },
          [](const std::string& value) { return value.empty() ? "none" : in_toml(value); }};
}

ValueType<std::string> name() {
  auto type = text("name");
  type.range = "1 to 64 letters, digits and . _ : -";
  type.read = [read = type.read](std::string_view key, const Value& value, std::string& into,
                                 Diagnostics& problems) {
    std::string given;
    if (!read(key, value, given, problems)) return false;
    if (given.size() > kLongestName || !std::all_of(given.begin(), given.end(), name_character)) {
      wrong_text(key, value, "1 to 64 letters, digits and . _ : -", problems);
      return false;
    }
    into = std::move(given);
    return true;
  };
  return type;
}

ValueType<std::uint32_t> file_mode() {
  auto parse = [](const std::string& given) -> std::optional<std::uint32_t> {
    std::uint32_t mode = 0;
    const char* const end = given.data() + given.size();
    const auto [rest, error] = std::from_chars(given.data(), end, mode, 8);
    if (error != std::errc{} || rest != end || mode > 0777) return {};
    return mode;
  };
  auto format = [](const std::uint32_t& mode) {
    std::string digits = "\"0000\"";
    for (std::size_t i = 0; i < 3; ++i) {
      digits[4 - i] = static_cast<char>('0' + ((mode >> (3 * i)) & 7));
    }
    return digits;
  };
  auto type = parsed<std::uint32_t>("file mode", "a file mode such as \"0660\"", parse, format);
  type.range = "\"0000\" to \"0777\"";
  return type;
}

ValueType<wire::IpAddress> ip_address() {
  return parsed<wire::IpAddress>(
      "IP address", "an IP address such as \"192.0.2.1\" or \"2001:db8::1\"",
      wire::IpAddress::parse,
      [](const wire::IpAddress& value) { return in_toml(value.to_string()); });
}

ValueType<wire::Prefix> prefix() {
  return parsed<wire::Prefix>(
      "address/length", "an address and prefix length such as \"192.0.2.10/24\"",
      wire::Prefix::parse, [](const wire::Prefix& value) { return in_toml(value.to_string()); });
}

ValueType<wire::Prefix> network() {
  auto parse = [](const std::string& given) -> std::optional<wire::Prefix> {
    if (const auto address = wire::IpAddress::parse(given)) {
      return wire::Prefix{*address, static_cast<std::uint8_t>(address->is_v4() ? 32 : 128)};
    }
    const auto network = wire::Prefix::parse(given);
    return network && !has_host_bits(*network) ? network : std::nullopt;
  };
  return parsed<wire::Prefix>(
      "network",
      "a network such as \"198.18.0.0/16\", without bits behind its length, or an address", parse,
      [](const wire::Prefix& value) { return in_toml(value.to_string()); });
}

ValueType<wire::Endpoint> endpoint() {
  auto parse = [](const std::string& given) {
    auto result = wire::Endpoint::parse(given);
    if (result && result->port == 0) result.reset();
    return result;
  };
  return parsed<wire::Endpoint>(
      "address:port", "an address and port such as \"192.0.2.10:443\" or \"[2001:db8::1]:443\"",
      parse, [](const wire::Endpoint& value) { return in_toml(value.to_string()); });
}

}  // namespace sluice::control
