#include "control/access_log/line_text.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace sluice::control {
namespace {

template <typename Number>
void append_digits(Number number, std::string& into) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  into.append(digits.data(), end);
}

}  // namespace

void append_number(std::int64_t number, std::string& into) {
  append_digits(number, into);
}

void append_number(std::uint64_t number, std::string& into) {
  append_digits(number, into);
}

void append_padded(std::uint32_t number, unsigned digits, std::string& into) {
  std::array<char, 9> text;
  for (unsigned i = digits; i-- > 0; number /= 10) text[i] = static_cast<char>('0' + number % 10);
  into.append(text.data(), digits);
}

void append_address(const wire::IpAddress& address, std::string& into) {
  if (address.is_v4()) {
    const std::uint8_t* bytes = address.v4_bytes();
    for (int i = 0; i < 4; ++i) {
      if (i > 0) into += '.';
      append_digits(bytes[i], into);
    }
    return;
  }
  std::array<char, INET6_ADDRSTRLEN> text;
  into += ::inet_ntop(AF_INET6, address.bytes().data(), text.data(), text.size());
}

void append_utc(std::chrono::system_clock::time_point time, std::string& into) {
  using std::chrono::floor;
  const auto day = floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto in_day = floor<std::chrono::microseconds>(time - day);
  const std::chrono::hh_mm_ss clock(in_day);
  const auto part = [&](auto value, unsigned digits, char behind) {
    append_padded(static_cast<std::uint32_t>(value), digits, into);
    into += behind;
  };
  part(static_cast<int>(date.year()), 4, '-');
  part(static_cast<unsigned>(date.month()), 2, '-');
  part(static_cast<unsigned>(date.day()), 2, 'T');
  part(clock.hours().count(), 2, ':');
  part(clock.minutes().count(), 2, ':');
  part(clock.seconds().count(), 2, '.');
  part(clock.subseconds().count(), 6, 'Z');
}

void append_milliseconds(Duration duration, std::string& into) {
  const auto microseconds = static_cast<std::uint64_t>(duration.count()) / 1000;
  append_digits(microseconds / 1000, into);
  into += '.';
  append_padded(static_cast<std::uint32_t>(microseconds % 1000), 3, into);
}

}  // namespace sluice::control
