#include "control/sessions/session_commands.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "control/sessions/flow_names.h"
#include "control/sessions/session_query.h"
#include "control/sessions/session_report.h"

namespace sluice::control {
namespace {

// Places that a worker looks at in one pass of its loop: as many as a burst has packets.
constexpr std::uint32_t kPlacesAtOnce = 64;
// A million connections take a busy worker less than two.
constexpr auto kPatience = std::chrono::seconds(8);

/// What is asked of the workers, and what each of them has found. A worker writes to its own part
/// until it has counted itself off; the control thread reads when all have.
struct Search {
  Search(const SessionQuery& asked, std::uint32_t workers) : query(asked), parts(workers) {
    for (auto& part : parts) part.reserve(query.id ? 1 : query.limit + 1);
  }

  const SessionQuery query;
  std::vector<std::vector<FoundSession>> parts;  // by worker; one more than the limit at most
  std::atomic<std::uint32_t> workers_left{0};
  std::atomic<bool> abandoned{false};
};

using SharedSearch = std::shared_ptr<Search>;

void search_part(const SharedSearch& search, worker::Worker& worker, std::uint32_t place) {
  const SessionQuery& query = search->query;
  auto& found = search->parts[worker.index()];
  const tcp::Stack& stack = std::as_const(worker).stack();
  const std::uint32_t end = std::min(place + kPlacesAtOnce, stack.connection_places());
  for (; place < end && found.size() <= query.limit; ++place) {
    const tcp::Connection* connection = stack.connection_at(place);
    if (connection == nullptr || !query.matches(connection->flow(), connection->state())) continue;
    found.push_back({SessionId::of(worker.index(), place, *connection),
                     tcp::ConnectionInspector::view(*connection)});
  }
  const bool done = place >= stack.connection_places() || found.size() > query.limit ||
                    search->abandoned.load(std::memory_order_relaxed);
  if (done) {
    search->workers_left.fetch_sub(1, std::memory_order_release);
  } else {
    worker.post([search, &worker, place] { search_part(search, worker, place); });
  }
}

void search_place(const SharedSearch& search, worker::Worker& worker) {
  const SessionId& id = *search->query.id;
  const tcp::Connection* connection = std::as_const(worker).stack().connection_at(id.place);
  if (connection != nullptr && SessionId::of(id.worker, id.place, *connection) == id) {
    search->parts[id.worker].push_back({id, tcp::ConnectionInspector::view(*connection)});
  }
  search->workers_left.fetch_sub(1, std::memory_order_release);
}

class SessionsAnswer final : public LongAnswer {
 public:
  SessionsAnswer(Engine& engine, const SessionQuery& query)
      : engine_(engine),
        search_(std::make_shared<Search>(query, engine.fleet().size())),
        deadline_(std::chrono::steady_clock::now() + kPatience) {
    if (query.id) {
      search_->workers_left = 1;
      engine.programs()[query.id->worker]->post(
          [search = search_](worker::Worker& worker) { search_place(search, worker); });
      return;
    }
    search_->workers_left = engine.fleet().size();
    for (const auto& program : engine.programs()) {
      program->post([search = search_](worker::Worker& worker) { search_part(search, worker, 0); });
    }
  }
  ~SessionsAnswer() override { search_->abandoned.store(true, std::memory_order_relaxed); }

  bool advance(Answer& piece) override {
    if (search_->workers_left.load(std::memory_order_acquire) != 0) {
      if (std::chrono::steady_clock::now() < deadline_) return false;
      piece = refusal("a worker does not answer");
      return true;
    }
    const FlowNames names(engine_.snapshot().http);
    piece = search_->query.id ? detail(names) : list(names);
    return true;
  }

 private:
  Answer detail(const FlowNames& names) {
    const SessionId& id = *search_->query.id;
    if (search_->parts[id.worker].empty()) return refusal("there is no such connection now");
    return {detail_session(search_->parts[id.worker].front(), search_->query.json, names)};
  }

  Answer list(const FlowNames& names) {
    std::vector<FoundSession> all;
    for (const auto& part : search_->parts) all.insert(all.end(), part.begin(), part.end());
    const bool more = all.size() > search_->query.limit;
    if (more) all.resize(search_->query.limit);
    return {list_sessions(all, more, search_->query.json, names)};
  }

  Engine& engine_;
  SharedSearch search_;
  std::chrono::steady_clock::time_point deadline_;
};

Answer show_sessions(Engine& engine, std::span<const std::string> arguments) {
  std::string problem;
  const auto query = SessionQuery::parse(arguments, problem);
  if (!query) return refusal(problem);
  if (query->id && query->id->worker >= engine.fleet().size()) {
    return refusal("there is no such worker");
  }
  Answer answer;
  answer.rest = std::make_unique<SessionsAnswer>(engine, *query);
  return answer;
}

}  // namespace

void add_session_commands(CommandTable& commands, Engine& engine) {
  commands.add(
      "show sess " + std::string(SessionQuery::kArguments),
      "TCP connections, at most 100 of them, or one in detail",
      [&engine](auto arguments) { return show_sessions(engine, arguments); },
      AdminLevel::kOperator);
}

}  // namespace sluice::control
