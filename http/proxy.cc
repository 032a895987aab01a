#include "http/proxy.h"

#include <memory>
#include <utility>

#include "http/address_filter.h"
#include "http/balancing/fleet_state.h"
#include "http/client_session.h"
#include "http/tcp_session.h"
#include "tls/secure_stream.h"

namespace sluice::http {

Proxy::Proxy(const ProxyEnvironment& environment) : core_(environment) {}

Proxy::~Proxy() {
  for (const auto& [endpoint, frontend] : listeners_) {
    core_.environment.network.stop_listening(endpoint);
  }
}

std::size_t Proxy::adopt(const Settings& settings) {
  core_.adopt(settings);
  Listeners wanted;
  if (!core_.draining) {
    for (const auto& frontend : settings.frontends) {
      if (!frontend || !frontend->enabled) continue;
      for (const wire::Endpoint& endpoint : frontend->bind) wanted.emplace(endpoint, frontend->id);
    }
  }
  StreamNetwork& network = core_.environment.network;
  for (const auto& [endpoint, frontend] : listeners_) {
    if (!wanted.contains(endpoint)) network.stop_listening(endpoint);
  }
  std::size_t failures = 0;
  for (auto listener = wanted.begin(); listener != wanted.end();) {
    if (!listeners_.contains(listener->first) && !network.listen(listener->first, *this)) {
      core_.counters.listen_failures.add();
      ++failures;
      listener = wanted.erase(listener);
    } else {
      ++listener;
    }
  }
  listeners_ = std::move(wanted);

  for (ClientSession* session = core_.sessions.front(); session != nullptr;) {
    ClientSession* next = LinkedList<ClientSession>::next(*session);
    if (core_.frontend(session->frontend()) == nullptr) session->drain();
    session = next;
  }
  return failures;
}

void Proxy::drain() {
  core_.draining = true;
  for (const auto& [endpoint, frontend] : listeners_) {
    core_.environment.network.stop_listening(endpoint);
  }
  listeners_.clear();
  for (ClientSession* session = core_.sessions.front(); session != nullptr;) {
    ClientSession* next = LinkedList<ClientSession>::next(*session);
    session->drain();
    session = next;
  }
  core_.upstreams.drain();
  core_.checker.stop();
}

void Proxy::begin_loop(Instant /*now*/) {
  core_.recycle_turns();
  core_.serve_lines();
}

std::size_t Proxy::do_rationed_work(Instant now) {
  return core_.tls_environment.finish_pass(now) + core_.upstream_tls_environment.finish_pass(now);
}

StreamHandler* Proxy::on_accept(Stream& stream, const wire::Endpoint& listening) {
  const auto listener = listeners_.find(listening);
  const Frontend* frontend =
      listener == listeners_.end() ? nullptr : core_.frontend(listener->second);
  if (frontend == nullptr || core_.draining) {
    core_.counters.refused_sessions.add();
    return nullptr;
  }
  if (!admits(*frontend, stream.remote().address)) return nullptr;
  return frontend->tcp ? begin<TcpSession>(stream, *frontend)
                       : begin<ClientSession>(stream, *frontend);
}

bool Proxy::admits(const Frontend& frontend, const wire::IpAddress& client) {
  FrontendCounters& counters = core_.frontend_counters[frontend.id.index()];
  if (frontend.filter != nullptr && !frontend.filter->allows(client)) {
    counters.denied_connections.add();
    return false;
  }
  // The other workers' sessions as they were a moment ago: see FleetState for what that costs.
  const std::uint32_t limit = frontend.connection_limit;
  if (limit != 0 && core_.environment.fleet.sessions(frontend.id) >= limit) {
    counters.excess_connections.add();
    return false;
  }
  return true;
}

template <typename Session>
StreamHandler* Proxy::begin(Stream& stream, const Frontend& frontend) {
  const bool secure = !frontend.identities.empty();
  auto session = std::make_unique<Session>(core_, frontend.id, secure);
  if (!secure) {
    Session* const plain = session.release();  // it owns itself from now on
    return plain->start(stream) ? plain : nullptr;
  }
  const std::uint32_t worker = core_.environment.worker;
  tls::SecureStream* tls_stream = nullptr;
  if (worker < frontend.identities.size()) {
    tls_stream = tls::accept(stream, *frontend.identities[worker], *session, core_.tls_environment);
  }
  if (tls_stream == nullptr) {
    core_.counters.refused_sessions.add();
    return nullptr;
  }
  (void)session.release()->start(*tls_stream);  // true: it waits for the handshake
  return tls_stream;
}

}  // namespace sluice::http
