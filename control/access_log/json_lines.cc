#include "control/access_log/json_lines.h"

#include <array>

#include "control/access_log/line_text.h"
#include "control/access_log/plain_characters.h"

namespace sluice::control {
namespace {

using http::AccessRecord;
using http::AccessText;

// The size of a well-formed UTF-8 sequence of two bytes or more (Unicode 15, table 3-7) at the
// beginning of a text; 0: there is none.
std::size_t utf8_sequence(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = octet(0);
  std::size_t size = 0;
  if (first >= 0xc2 && first <= 0xdf) size = 2;
  if (first >= 0xe0 && first <= 0xef) size = 3;
  if (first >= 0xf0 && first <= 0xf4) size = 4;
  if (size == 0 || text.size() < size) return 0;
  unsigned low = 0x80;
  unsigned high = 0xbf;
  if (first == 0xe0) low = 0xa0;
  if (first == 0xed) high = 0x9f;
  if (first == 0xf0) low = 0x90;
  if (first == 0xf4) high = 0x8f;
  for (std::size_t i = 1; i < size; ++i) {
    if (octet(i) < low || octet(i) > high) return 0;
    low = 0x80;
    high = 0xbf;
  }
  return size;
}

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr PlainCharacters kPlain("\"\\");

void append_escape(unsigned char octet, std::string& into) {
  into += "\\u00";
  into += {kDigits[octet >> 4], kDigits[octet & 15]};
}

/// Writes members of one object.
class Members {
 public:
  explicit Members(std::string& into) : into_(into) { into_ += '{'; }
  void end() { into_ += '}'; }

  void number(std::string_view name, std::uint64_t value) {
    begin(name);
    append_number(value, into_);
  }
  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    append_json_string(value, into_);
  }
  void flag(std::string_view name, bool value) {
    if (!value) return;
    begin(name);
    into_ += "true";
  }
  void milliseconds(std::string_view name, Duration value) {
    if (value == http::kNotReached) return;
    begin(name);
    append_milliseconds(value, into_);
  }
  void time(std::string_view name, AccessLine::Time value) {
    begin(name);
    into_ += '"';
    append_utc(value, into_);
    into_ += '"';
  }
  void address(std::string_view name, const wire::IpAddress& value) {
    begin(name);
    into_ += '"';
    append_address(value, into_);
    into_ += '"';
  }
  Members object(std::string_view name) {
    begin(name);
    return Members(into_);
  }

 private:
  void begin(std::string_view name) {
    if (!first_) into_ += ',';
    first_ = false;
    into_ += '"';
    into_ += name;  // a constant, or a token
    into_ += "\":";
  }

  std::string& into_;
  bool first_ = true;
};

void add_tag(const AccessRecord& record, Members& members) {
  std::array<char, 32> text;
  std::size_t at = 0;
  for (const std::uint64_t half : {record.tag_high, record.tag_low}) {
    for (int shift = 60; shift >= 0; shift -= 4) text[at++] = kDigits[half >> shift & 15];
  }
  members.text("id", {text.data(), text.size()});
}

void add_request(const AccessLine& line, Members& members) {
  const http::AccessEntry& entry = line.entry;
  members.text("method", entry.text(AccessText::kMethod));
  members.text("target", entry.text(AccessText::kTarget));
  members.flag("target_cut", entry.is_cut(AccessText::kTarget));
  if (!entry.text(AccessText::kMethod).empty()) {
    members.text("version",
                 entry.record.version == http::Version::kHttp10 ? "HTTP/1.0" : "HTTP/1.1");
  }
  members.text("host", entry.text(AccessText::kHost));
  if (entry.record.status != 0) members.number("status", entry.record.status);
  if (entry.record.has_tag) add_tag(entry.record, members);
  if (line.captures.empty()) return;
  Members headers = members.object("headers");
  for (std::size_t i = 0; i < line.captures.size(); ++i) {
    headers.text(line.captures[i], entry.capture(i));
  }
  headers.end();
}

void add_tls(const http::AccessEntry& entry, Members& members) {
  if (!entry.record.secure) return;
  Members tls = members.object("tls");
  tls.text("version", entry.text(AccessText::kTlsVersion));
  tls.text("cipher", entry.text(AccessText::kCipher));
  tls.text("sni", entry.text(AccessText::kServerName));
  tls.flag("resumed", entry.record.resumed);
  tls.end();
}

void add_times(const AccessRecord& record, Members& members) {
  Members times = members.object("times_ms");
  times.milliseconds("head", record.head);
  times.milliseconds("queue", record.queue);
  times.milliseconds("connect", record.connect);
  times.milliseconds("response", record.response);
  times.milliseconds("total", record.total);
  times.end();
}

void add_counts(const AccessLine& line, Members& members) {
  Members counts = members.object("connections");
  counts.number("process", line.process_sessions);
  counts.number("frontend", line.frontend_sessions);
  counts.number("backend", line.backend_exchanges);
  counts.number("server", line.server_exchanges);
  counts.number("queued_before", line.entry.record.queued_before);
  counts.end();
}

}  // namespace

void append_json_string(std::string_view text, std::string& into) {
  into += '"';
  for (;;) {
    const std::size_t plain = kPlain.count(text);
    into += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const char c = text.front();
    std::size_t size = utf8_sequence(text);
    if (size != 0) {
      into += text.substr(0, size);
    } else {
      size = 1;
      if (c == '"' || c == '\\') {
        into += {'\\', c};
      } else {
        append_escape(static_cast<unsigned char>(c), into);
      }
    }
    text.remove_prefix(size);
  }
  into += '"';
}

void append_json_line(const AccessLine& line, std::string& into) {
  const AccessRecord& record = line.entry.record;
  Members members(into);
  members.time("time", line.began);
  members.time("accepted", line.accepted);
  members.text("kind", record.tcp ? "tcp" : "http");
  members.address("client", record.client.address);
  members.number("client_port", record.client.port);
  members.text("frontend", line.frontend);
  members.text("backend", line.backend);
  members.text("server", line.server);
  if (!record.tcp) add_request(line, members);
  add_tls(line.entry, members);
  members.number("bytes_out", record.bytes_out);
  members.number("bytes_in", record.bytes_in);
  const char cause[2] = {static_cast<char>(record.cause.by), static_cast<char>(record.cause.phase)};
  members.text("termination", {cause, sizeof cause});
  add_times(record, members);
  add_counts(line, members);
  members.number("retries", record.retries);
  members.flag("redispatched", record.redispatched);
  members.end();
}

}  // namespace sluice::control
