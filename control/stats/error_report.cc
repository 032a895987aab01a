#include "control/stats/error_report.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <map>
#include <tuple>
#include <utility>

namespace sluice::control {
namespace {

constexpr std::size_t kLineWidth = 79;
constexpr std::size_t kOffsetWidth = 8;  // "  00042 "

// "[23/Nov/2026:12:28:12.221]", UTC
std::string date(std::int64_t milliseconds) {
  const std::time_t seconds = milliseconds / 1000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "[%d/%b/%Y:%H:%M:%S", &parts);
  std::snprintf(text + size, sizeof text - size, ".%03d]", static_cast<int>(milliseconds % 1000));
  return text;
}

std::string encoded(char c) {
  switch (c) {
    case '\t':
      return "\\t";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\x1b':
      return "\\e";
    case '\\':
      return "\\\\";
    default:
      break;
  }
  const auto octet = static_cast<unsigned char>(c);
  if (octet >= 0x20 && octet < 0x7f) return {c};
  char text[8];
  std::snprintf(text, sizeof text, "\\x%02X", octet);
  return text;
}

// A line of the input on each, with the place of its first octet; what is too long goes on behind
// a '+'.
std::string dump(std::string_view bytes) {
  std::string text;
  for (std::size_t at = 0; at < bytes.size();) {
    char offset[32];
    const bool continues = at > 0 && bytes[at - 1] != '\n';
    std::snprintf(offset, sizeof offset, "  %05zu%c ", at, continues ? '+' : ' ');
    std::string line;
    while (at < bytes.size()) {
      const std::string next = encoded(bytes[at]);
      if (kOffsetWidth + line.size() + next.size() > kLineWidth) break;
      line += next;
      if (bytes[at++] == '\n') break;
    }
    text += offset + line + "\n";
  }
  return text;
}

std::string numbered(const std::string& name, std::uint32_t id) {
  return name.empty() ? "<NONE> (#-1)" : name + " (#" + std::to_string(id) + ")";
}

std::string format(const ErrorEvent& event) {
  const http::RefusedHead& head = event.head;
  std::string text = "\n" + date(event.at) + (event.request ? " frontend " : " backend ") +
                     numbered(event.proxy, event.proxy_id) + ": invalid " +
                     (event.request ? "request" : "response") + ": " +
                     std::string(to_string(head.error)) + "\n";
  text += event.request ? "  backend " + numbered({}, 0) : "  frontend " + numbered({}, 0);
  text += ", server " + numbered(event.server, event.server_id) + ", event #" +
          std::to_string(head.event) + ", src " + head.peer.to_string() + "\n";
  text += "  len " + std::to_string(head.size) + ", error at position " +
          std::to_string(http::fault_position(head.error, head.bytes)) + ":\n  \n";
  return text + dump(head.bytes);
}

}  // namespace

std::vector<ErrorEvent> latest_events(std::vector<ErrorEvent> events) {
  std::map<std::tuple<std::uint32_t, bool>, ErrorEvent> latest;
  for (ErrorEvent& event : events) {
    const auto place = std::tuple(event.proxy_id, !event.request);
    const auto [known, is_new] = latest.try_emplace(place, event);
    if (!is_new && known->second.at < event.at) known->second = std::move(event);
  }
  std::vector<ErrorEvent> list;
  for (auto& [place, event] : latest) list.push_back(std::move(event));
  return list;
}

std::string format_errors(std::span<const ErrorEvent> events, std::int64_t now) {
  std::string text =
      "Total events captured on " + date(now) + " : " + std::to_string(events.size()) + "\n";
  for (const ErrorEvent& event : events) text += format(event);
  return text;
}

}  // namespace sluice::control
