#include "control/access_log/haproxy_lines.h"

#include <array>
#include <ctime>
#include <initializer_list>
#include <utility>

#include "control/access_log/line_text.h"
#include "control/access_log/plain_characters.h"

namespace sluice::control {
namespace {

using http::AccessRecord;
using http::AccessText;

void append_numbers(std::initializer_list<std::int64_t> numbers, std::string& into) {
  char before = ' ';
  for (const std::int64_t number : numbers) {
    into += std::exchange(before, '/');
    append_number(number, into);
  }
}

constexpr PlainCharacters kPlainInRequest("\"#");
constexpr PlainCharacters kPlainInField("\"#{|}");

// Any other character becomes "#" and two hexadecimal digits, as in HAProxy's logs.
void append_escaped(std::string_view text, const PlainCharacters& is_plain, std::string& into) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (;;) {
    const std::size_t plain = is_plain.count(text);
    into += text.substr(0, plain);
    if (plain == text.size()) return;
    const auto octet = static_cast<unsigned char>(text[plain]);
    into += {'#', kDigits[octet >> 4], kDigits[octet & 15]};
    text.remove_prefix(plain + 1);
  }
}

// Of a request that is none HAProxy leaves the braces out, too.
void append_captures(const AccessLine& line, std::string& into) {
  if (line.captures.empty() || line.entry.text(AccessText::kMethod).empty()) return;
  into += " {";
  for (std::size_t i = 0; i < line.captures.size(); ++i) {
    if (i > 0) into += '|';
    append_escaped(line.entry.capture(i), kPlainInField, into);
  }
  into += '}';
}

void append_request(const http::AccessEntry& entry, std::string& into) {
  const std::string_view method = entry.text(AccessText::kMethod);
  if (method.empty()) {
    into += " \"<BADREQ>\"";
    return;
  }
  into += " \"";
  append_escaped(method, kPlainInRequest, into);
  into += ' ';
  append_escaped(entry.text(AccessText::kTarget), kPlainInRequest, into);
  if (entry.is_cut(AccessText::kTarget)) into += "...";
  into += entry.record.version == http::Version::kHttp10 ? " HTTP/1.0\"" : " HTTP/1.1\"";
}

void append_cause(const AccessRecord& record, std::string& into) {
  into += {' ', static_cast<char>(record.cause.by), static_cast<char>(record.cause.phase)};
}

void append_counts(const AccessLine& line, std::string& into) {
  const auto of = [](std::uint64_t count) { return static_cast<std::int64_t>(count); };
  const AccessRecord& record = line.entry.record;
  append_numbers({of(line.process_sessions), of(line.frontend_sessions), of(line.backend_exchanges),
                  of(line.server_exchanges)},
                 into);
  into += record.redispatched ? "/+" : "/";
  append_number(std::uint64_t{record.retries}, into);
  append_numbers({0, record.queued_before}, into);
}

}  // namespace

void HaproxyLines::append(const AccessLine& line, std::string& into) {
  const AccessRecord& record = line.entry.record;
  append_address(record.client.address, into);
  into += ':';
  append_number(std::uint64_t{record.client.port}, into);
  append_time(line.began, into);
  into.append(line.frontend).append(record.secure ? "~ " : " ");
  into.append(line.backend.empty() ? line.frontend : line.backend).append("/");
  into.append(line.server.empty() ? "<NOSRV>" : line.server);
  const auto ms = milliseconds_of;
  if (record.tcp) {
    append_numbers({ms(record.queue), ms(record.connect), ms(record.total)}, into);
  } else {
    append_numbers({ms(record.head), ms(record.queue), ms(record.connect), ms(record.response),
                    ms(record.total)},
                   into);
    append_numbers({record.status == 0 ? -1 : record.status}, into);
  }
  append_numbers({static_cast<std::int64_t>(record.bytes_out)}, into);
  if (!record.tcp) into += " - -";  // captured cookies
  append_cause(record, into);
  if (!record.tcp) into += "--";  // what became of a persistence cookie
  append_counts(line, into);
  if (record.tcp) return;
  append_captures(line, into);
  append_request(line.entry, into);
}

// " [06/Feb/2009:12:14:14.655] ", in local time.
void HaproxyLines::append_time(AccessLine::Time time, std::string& into) {
  using std::chrono::floor;
  const auto seconds = floor<std::chrono::seconds>(time.time_since_epoch());
  if (seconds.count() != second_) {
    second_ = seconds.count();
    const auto at = static_cast<std::time_t>(second_);
    std::tm local{};
    ::localtime_r(&at, &local);
    std::array<char, 40> text;
    const std::size_t size =
        std::strftime(text.data(), text.size(), " [%d/%b/%Y:%H:%M:%S.", &local);
    second_text_.assign(text.data(), size);
  }
  const auto rest = floor<std::chrono::milliseconds>(time.time_since_epoch()) - seconds;
  into += second_text_;
  append_padded(static_cast<std::uint32_t>(rest.count()), 3, into);
  into += "] ";
}

}  // namespace sluice::control
