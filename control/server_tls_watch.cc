#include "control/server_tls_watch.h"

#include "tls/failure.h"

namespace sluice::control {
namespace {

std::string reason_text(std::uint64_t reason) {
  const tls::Failure failure = tls::unpacked(reason);
  return failure.kind == tls::Failure::Kind::kNone
             ? "the server ended the connection during the handshake"
             : to_string(failure);
}

std::string times(std::uint64_t number) {
  return number == 1 ? "once" : std::to_string(number) + " times";
}

}  // namespace

bool ServerTlsWatch::look(const http::Server& server, std::uint64_t now) {
  History* history = nullptr;
  for (std::size_t worker = 0; worker < workers_.size(); ++worker) {
    const http::ServerCounters* counters = workers_[worker].servers.find(server.id.index());
    const std::uint64_t failures = counters == nullptr ? 0 : counters->handshake_failures.get();
    if (failures == 0) continue;
    if (history == nullptr) history = &histories_[server.id];
    history->failures.resize(workers_.size());
    if (failures == history->failures[worker]) continue;
    history->untold += failures - history->failures[worker];
    history->failures[worker] = failures;
    history->reason = counters->last_handshake_failure.get();
  }
  if (history == nullptr || history->untold == 0) return false;
  return !history->known || history->reason != history->told ||
         now - history->told_at >= kRepeatAfter;
}

std::vector<std::string> ServerTlsWatch::look(const http::Settings& settings, std::uint64_t now) {
  std::vector<std::string> messages;
  std::size_t unnamed = 0;
  for (const auto& backend : settings.backends) {
    if (!backend || backend->tls_contexts.empty()) continue;
    for (const http::Server& server : backend->servers) {
      if (!look(server, now)) continue;
      History& history = histories_[server.id];
      if (messages.size() < kMostNamed) {
        messages.push_back("TLS with server " + backend->name + "/" + server.name + " (" +
                           server.address.to_string() + ") has failed " + times(history.untold) +
                           ": " + reason_text(history.reason));
      } else {
        ++unnamed;
      }
      history.told = history.reason;
      history.told_at = now;
      history.untold = 0;
      history.known = true;
    }
  }
  if (unnamed > 0) {
    messages.push_back("TLS has failed with " + std::to_string(unnamed) + " further servers");
  }
  return messages;
}

}  // namespace sluice::control
