#include "bench/serve/serve_program.h"

#include "tls/secure_stream.h"

namespace sluice::serve {

ServeProgram::ServeProgram(worker::Worker& worker, const Settings& settings)
    : worker_(worker),
      settings_(settings),
      tls_(worker.pool(), worker.graveyard(), worker.clock(), tls_counters_,
           {.record_layer = settings.record_layer,
            .handshakes = {.budget = tls::HandshakeLimits::kUsualBudget},
            .gathers_writes = true}),
      core_{settings_,
            worker.pool(),
            worker.clock(),
            worker.timers(),
            statistics_,
            {settings_, worker.pool()},
            {},
            {},
            {}},
      sessions_(worker.stack().capacity()) {}

void ServeProgram::begin_loop(Instant /*now*/) {
  for (Session* session : core_.done) sessions_.destroy(*session);
  core_.done.clear();
  if (listening_) return;
  listening_ = true;
  for (const wire::Endpoint& endpoint : settings_.listen) {
    if (!worker_.stack().listen(endpoint, *this)) listen_failed_.store(true);
  }
}

StreamHandler* ServeProgram::on_accept(Stream& stream, const wire::Endpoint& /*listening*/) {
  Session* session = sessions_.make(core_);
  if (session == nullptr) return nullptr;
  statistics_.connections.add();
  if (settings_.identities.empty()) {
    session->set_stream(stream);
    return session;
  }
  auto* secure = tls::accept(stream, *settings_.identities[worker_.index()], *session, tls_);
  if (secure == nullptr) {
    sessions_.destroy(*session);
    return nullptr;
  }
  session->set_stream(*secure);
  return secure;
}

void ServeProgram::end() {
  worker_.post([this] {
    sessions_.for_each([this](Session& session) { sessions_.destroy(session); });
    core_.done.clear();
    worker_.stack().abort_all();
    worker_.stop();
  });
}

}  // namespace sluice::serve
