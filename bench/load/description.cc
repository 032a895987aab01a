#include "bench/load/description.h"

#include <spdlog/fmt/fmt.h>

#include "bench/load/bounds.h"

namespace sluice::load {
namespace {

std::string targets_of(const Settings& settings) {
  std::string text;
  for (const Target& target : settings.targets) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} at {}", target.url, target.server.to_string());
    if (settings.targets.size() > 1) text += fmt::format(" (weight {})", target.weight);
  }
  return text;
}

std::string shape_of(const Settings& settings) {
  if (settings.rate.empty()) {
    return fmt::format("closed loop, {} connections", settings.connections);
  }
  std::string text = settings.poisson ? "open loop, Poisson" : "open loop, constant";
  for (const RateStep& step : settings.rate) {
    text += step.length == Duration::zero() ? fmt::format(", {:g}/s", step.to)
                                            : fmt::format(", {:g} to {:g}/s in {}", step.from,
                                                          step.to, format_latency(step.length));
  }
  return text + fmt::format(", at most {} connections", settings.connections);
}

std::string closing_of(const Settings& settings) {
  if (settings.closing == Closing::kReset) return "load tester, by reset";
  const bool server = settings.closing == Closing::kServer && !settings.asks_nothing();
  return server && !settings.keeps_alive() ? "server" : "load tester";
}

std::string sources_of(const Settings& settings) {
  if (settings.sources.empty()) return "none";
  const std::string first = settings.sources.front().to_string();
  if (settings.sources.size() == 1) return first;
  return fmt::format("{} addresses, {} to {}", settings.sources.size(), first,
                     settings.sources.back().to_string());
}

std::string tls_of(const tls::ClientSettings& tls) {
  std::string versions = "1.2 and 1.3";
  if (tls.min_version == tls.max_version) {
    versions = tls.min_version == tls::Version::kTls12 ? "1.2" : "1.3";
  }
  return fmt::format("{}, groups {}, certificates {}{}", versions, tls.groups,
                     verification_text(tls), key_share_text(tls));
}

bool any_secure(const Settings& settings) {
  for (const Target& target : settings.targets) {
    if (target.secure) return true;
  }
  return false;
}

}  // namespace

const char* name_of(Mode mode) {
  switch (mode) {
    case Mode::kConnect:
      return "connect";
    case Mode::kHandshake:
      return "handshake";
    case Mode::kRequest:
      return "request";
    case Mode::kResume:
      return "resume";
    case Mode::kKeepAlive:
      return "keepalive";
    case Mode::kHold:
      return "hold";
    case Mode::kThroughput:
      return "throughput";
  }
  return "";
}

const char* noun_of(Mode mode) {
  switch (mode) {
    case Mode::kConnect:
      return "connections";
    case Mode::kHandshake:
      return "handshakes";
    default:
      return "good responses";
  }
}

const char* verification_text(const tls::ClientSettings& settings) {
  if (settings.verification == tls::Verification::kNone) return "not verified";
  return settings.remember_verified ? "verified, once each" : "verified";
}

std::string key_share_text(const tls::ClientSettings& settings) {
  if (settings.key_share_reuse == 0) return "";
  return fmt::format(", each key share for up to {} handshakes", settings.key_share_reuse);
}

std::vector<std::pair<std::string, std::string>> describe(const Settings& settings) {
  std::vector<std::pair<std::string, std::string>> facts{
      {"mode", name_of(settings.mode)},  {"targets", targets_of(settings)},
      {"shape", shape_of(settings)},     {"closes first", closing_of(settings)},
      {"sources", sources_of(settings)},
  };
  if (settings.mode == Mode::kHold) {
    facts.emplace_back("rests", format_latency(settings.hold_interval));
  }
  if (settings.keeps_alive() && settings.requests_per_connection > 0) {
    facts.emplace_back("requests on a connection",
                       std::to_string(settings.requests_per_connection));
  }
  if (any_secure(settings)) facts.emplace_back("TLS", tls_of(settings.tls));
  facts.emplace_back("timeouts", fmt::format("{} to connect, {} for a response",
                                             format_latency(settings.connect_timeout),
                                             format_latency(settings.response_timeout)));
  return facts;
}

}  // namespace sluice::load
