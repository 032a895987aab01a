#include "control/sessions/shutdown_commands.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "control/log.h"
#include "control/sessions/session_query.h"
#include "http/settings.h"

namespace sluice::control {
namespace {

using Arguments = std::span<const std::string>;

// Places that a worker looks at in one pass of its loop: as many as a burst has packets.
constexpr std::uint32_t kPlacesAtOnce = 64;
constexpr auto kPatience = std::chrono::seconds(8);

/// Shared with the workers, which count themselves off.
struct Shutdown {
  std::optional<SessionId> id;  ///< this one, or those with the server at
  wire::Endpoint server;
  std::atomic<std::uint64_t> ended{0};
  std::atomic<std::uint32_t> workers_left{0};
};

using SharedShutdown = std::shared_ptr<Shutdown>;

void shut_down_one(Shutdown& shutdown, worker::Worker& worker) {
  const SessionId& id = *shutdown.id;
  const tcp::Connection* connection = std::as_const(worker).stack().connection_at(id.place);
  if (connection != nullptr && SessionId::of(id.worker, id.place, *connection) == id) {
    worker.stack().shut_down(id.place);
    shutdown.ended.fetch_add(1, std::memory_order_relaxed);
  }
  shutdown.workers_left.fetch_sub(1, std::memory_order_release);
}

bool leads_to(const wire::FlowKey& flow, const wire::Endpoint& server) {
  return flow.remote_port == server.port && flow.remote == server.address;
}

void shut_down_part(const SharedShutdown& shutdown, worker::Worker& worker, std::uint32_t place) {
  tcp::Stack& stack = worker.stack();
  const std::uint32_t end = std::min(place + kPlacesAtOnce, stack.connection_places());
  for (; place < end; ++place) {
    const tcp::Connection* connection = std::as_const(stack).connection_at(place);
    if (connection == nullptr || !leads_to(connection->flow(), shutdown->server)) continue;
    stack.shut_down(place);
    shutdown->ended.fetch_add(1, std::memory_order_relaxed);
  }
  if (place >= stack.connection_places()) {
    shutdown->workers_left.fetch_sub(1, std::memory_order_release);
  } else {
    worker.post([shutdown, &worker, place] { shut_down_part(shutdown, worker, place); });
  }
}

/// Waits for the workers.
class ShutdownAnswer final : public LongAnswer {
 public:
  explicit ShutdownAnswer(SharedShutdown shutdown) : shutdown_(std::move(shutdown)) {}

  bool advance(Answer& piece) override {
    if (shutdown_->workers_left.load(std::memory_order_acquire) != 0) {
      if (std::chrono::steady_clock::now() < deadline_) return false;
      piece = refusal("a worker does not answer");
      return true;
    }
    const std::uint64_t ended = shutdown_->ended.load(std::memory_order_relaxed);
    if (shutdown_->id && ended == 0) {
      piece = refusal("there is no such connection now");
    } else {
      piece = {std::to_string(ended) + (ended == 1 ? " connection" : " connections") + " ended\n"};
    }
    return true;
  }

 private:
  SharedShutdown shutdown_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::now() + kPatience;
};

Answer answer_when_done(SharedShutdown shutdown) {
  Answer answer;
  answer.rest = std::make_unique<ShutdownAnswer>(std::move(shutdown));
  return answer;
}

Answer shut_down_session(Engine& engine, Arguments arguments) {
  const auto shutdown = std::make_shared<Shutdown>();
  if (arguments.size() == 1) shutdown->id = SessionId::parse(arguments[0]);
  if (!shutdown->id) return refusal("a connection's name is expected, as 'show sess' has it");
  if (shutdown->id->worker >= engine.fleet().size()) return refusal("there is no such worker");
  log_info("session " + arguments[0] + ": shut down, by command");
  shutdown->workers_left = 1;
  engine.programs()[shutdown->id->worker]->post(
      [shutdown](worker::Worker& worker) { shut_down_one(*shutdown, worker); });
  return answer_when_done(shutdown);
}

std::optional<wire::Endpoint> find_server(const http::Settings& settings, const std::string& name) {
  for (const auto& backend : settings.backends) {
    if (backend == nullptr || !name.starts_with(backend->name + "/")) continue;
    for (const http::Server& server : backend->servers) {
      if (backend->name + "/" + server.name == name) return server.address;
    }
  }
  return {};
}

Answer shut_down_sessions_with(Engine& engine, Arguments arguments) {
  if (arguments.size() != 1) return refusal("Require 'backend/server'.");
  const auto server = find_server(engine.snapshot().http, arguments[0]);
  if (!server) return refusal("No such server.");
  log_info("server " + arguments[0] + ": sessions shut down, by command");
  const auto shutdown = std::make_shared<Shutdown>();
  shutdown->server = *server;
  shutdown->workers_left = engine.fleet().size();
  for (const auto& program : engine.programs()) {
    program->post([shutdown](worker::Worker& worker) { shut_down_part(shutdown, worker, 0); });
  }
  return answer_when_done(shutdown);
}

}  // namespace

void add_shutdown_commands(CommandTable& commands, Engine& engine) {
  commands.add(
      "shutdown session <id>", "reset a connection that 'show sess' names",
      [&engine](Arguments arguments) { return shut_down_session(engine, arguments); },
      AdminLevel::kAdmin);
  commands.add(
      "shutdown sessions server <backend>/<server>", "reset every connection to a server",
      [&engine](Arguments arguments) { return shut_down_sessions_with(engine, arguments); },
      AdminLevel::kAdmin);
}

}  // namespace sluice::control
