#include "control/server_watch.h"

#include <utility>

namespace sluice::control {

std::vector<ServerWatch::Message> ServerWatch::look(const http::Settings& settings, Instant now) {
  std::vector<Message> messages;
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    for (const http::Server& server : backend->servers) look(*backend, server, now, messages);
  }
  if (messages.size() > kMostNamed) {
    const std::size_t unnamed = messages.size() - kMostNamed;
    messages.resize(kMostNamed);
    messages.push_back({std::to_string(unnamed) + " further servers have changed", true});
  }
  return messages;
}

void ServerWatch::look(const http::Backend& backend, const http::Server& server, Instant now,
                       std::vector<Message>& messages) {
  History& history = histories_[server.id];
  const http::CheckReport* report = fleet_.find_report(server.id);
  const http::ServerState* state = fleet_.find(server.id);
  const std::uint64_t falls = report == nullptr ? 0 : report->falls.get();
  const std::uint32_t ejections = state == nullptr ? 0 : state->ejections();
  const Reason reason = reason_of(server, now);
  const bool was_new = !std::exchange(history.known, true);
  const std::uint64_t meanwhile = (falls - std::exchange(history.falls, falls)) +
                                  (ejections - std::exchange(history.ejections, ejections));
  const Reason before = std::exchange(history.reason, reason);
  const bool waits = state != nullptr && state->verdict() == http::CheckVerdict::kPending;
  if (was_new ? (reason == Reason::kNone || waits) : (reason == before && meanwhile == 0)) return;
  std::string text = "server " + backend.name + "/" + server.name + " (" +
                     server.address.to_string() + ") " + describe(server, reason);
  const std::uint64_t untold = reason == Reason::kNone || reason == before ? 0 : 1;
  if (meanwhile > untold) {
    text += "; out of rotation " + std::to_string(meanwhile) + " times since last told";
  }
  messages.push_back({text + "; " + left_of(backend, now), reason >= Reason::kChecks});
}

ServerWatch::Reason ServerWatch::reason_of(const http::Server& server, Instant now) const {
  if (server.mode == http::ServerMode::kMaint) return Reason::kMaint;
  if (server.mode == http::ServerMode::kDrain) return Reason::kDrain;
  const http::ServerState* state = fleet_.find(server.id);
  if (state == nullptr) return Reason::kNone;
  if (state->out()) return Reason::kChecks;
  if (state->paused()) return Reason::kUnreachable;
  return state->ejected(now) ? Reason::kEjected : Reason::kNone;
}

std::string ServerWatch::describe(const http::Server& server, Reason reason) const {
  const http::CheckReport* report = fleet_.find_report(server.id);
  const http::CheckResult last = report == nullptr ? http::CheckResult{} : report->last();
  switch (reason) {
    case Reason::kNone:
      return "is in rotation";
    case Reason::kMaint:
      return "is in maintenance";
    case Reason::kDrain:
      return "is drained";
    case Reason::kChecks:
      return "is down: its check says " + std::string(code_of(last.outcome)) + ", " +
             std::string(http::describe(last.outcome)) +
             (last.status == 0 ? "" : " (status " + std::to_string(last.status) + ")");
    case Reason::kUnreachable:
      return "is passed over: it could not be connected to";
    case Reason::kEjected:
      return "is out for a while: too many failures in a row";
  }
  return {};
}

std::string ServerWatch::left_of(const http::Backend& backend, Instant now) const {
  std::size_t left = 0;
  for (const http::Server& server : backend.servers) {
    left += reason_of(server, now) == Reason::kNone ? 1 : 0;
  }
  const std::string all = std::to_string(backend.servers.size());
  if (left == 0) return "backend " + backend.name + " has no server left";
  return "backend " + backend.name + " has " + std::to_string(left) + " of " + all + " servers";
}

}  // namespace sluice::control
