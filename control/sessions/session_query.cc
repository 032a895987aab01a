#include "control/sessions/session_query.h"

#include <strings.h>

#include <array>
#include <charconv>
#include <cstdio>

#include "control/admin/arguments.h"
#include "control/config/wording.h"

namespace sluice::control {
namespace {

constexpr std::array kStates{
    tcp::State::kSynSent,  tcp::State::kSynReceived, tcp::State::kEstablished,
    tcp::State::kFinWait1, tcp::State::kFinWait2,    tcp::State::kCloseWait,
    tcp::State::kClosing,  tcp::State::kLastAck,     tcp::State::kClosed};

std::optional<tcp::State> parse_state(const std::string& text) {
  for (const tcp::State state : kStates) {
    if (::strcasecmp(text.c_str(), std::string(to_string(state)).c_str()) == 0) return state;
  }
  return {};
}

// Takes a number off the front; false when there is none.
bool take(std::string_view& text, std::uint32_t& number, int base) {
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
  return true;
}

bool take_dot(std::string_view& text) {
  const bool dot = text.starts_with('.');
  if (dot) text.remove_prefix(1);
  return dot;
}

std::optional<std::uint16_t> parse_port(const std::string& text) {
  const auto number = parse_number(text, 1, 65535);
  if (!number) return {};
  return static_cast<std::uint16_t>(*number);
}

}  // namespace

SessionId SessionId::of(std::uint32_t worker, std::uint32_t place,
                        const tcp::Connection& connection) {
  return {worker, place, static_cast<std::uint16_t>(connection.hash())};
}

std::optional<SessionId> SessionId::parse(std::string_view text) {
  SessionId id;
  std::uint32_t mark = 0;
  const bool good = take(text, id.worker, 10) && take_dot(text) && take(text, id.place, 10) &&
                    take_dot(text) && take(text, mark, 16) && text.empty() && mark <= 0xffff;
  if (!good) return {};
  id.mark = static_cast<std::uint16_t>(mark);
  return id;
}

std::string SessionId::to_string() const {
  char text[32];
  std::snprintf(text, sizeof text, "%u.%u.%04x", worker, place, unsigned{mark});
  return text;
}

std::optional<SessionQuery> SessionQuery::parse(std::span<const std::string> arguments,
                                                std::string& problem) {
  SessionQuery query;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    if (word == "json") {
      query.json = true;
    } else if (const auto id = SessionId::parse(word)) {
      query.id = id;
    } else if (i + 1 == arguments.size() || !query.set(word, arguments[i + 1])) {
      problem = in_quotes(word.substr(0, 64)) +
                " is not understood; the arguments are: " + std::string(kArguments);
      return {};
    } else {
      ++i;
    }
  }
  return query;
}

bool SessionQuery::set(std::string_view name, const std::string& value) {
  if (name == "remote") return (remote = parse_network(value)).has_value();
  if (name == "local") return (local = parse_network(value)).has_value();
  if (name == "remote-port") return (remote_port = parse_port(value)).has_value();
  if (name == "local-port") return (local_port = parse_port(value)).has_value();
  if (name == "state") return (state = parse_state(value)).has_value();
  if (name != "limit") return false;
  const auto number = parse_number(value, 1, kLargestLimit);
  if (number) limit = static_cast<std::size_t>(*number);
  return number.has_value();
}

bool SessionQuery::matches(const wire::FlowKey& flow, tcp::State its_state) const {
  return (!state || *state == its_state) && (!remote_port || *remote_port == flow.remote_port) &&
         (!local_port || *local_port == flow.local_port) &&
         (!remote || remote->contains(flow.remote)) && (!local || local->contains(flow.local));
}

}  // namespace sluice::control
