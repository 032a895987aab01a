#include "control/error_commands.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/admin/arguments.h"
#include "control/stats/error_report.h"
#include "http/proxy.h"

namespace sluice::control {
namespace {

using Arguments = std::span<const std::string>;

constexpr auto kPatience = std::chrono::seconds(8);

/// What the workers have refused. A worker writes to its own part until it has counted itself off;
/// the control thread reads when all have.
struct Refused {
  struct Part {
    std::vector<http::RefusedHead> requests;
    std::vector<http::RefusedHead> responses;
  };
  std::vector<Part> parts;
  std::atomic<std::uint32_t> workers_left{0};
};

/// What is asked for.
struct ErrorQuery {
  std::string proxy;  ///< a name or a number; empty: any
  bool requests = true;
  bool responses = true;
};

std::optional<ErrorQuery> parse(Arguments arguments) {
  ErrorQuery query;
  for (const std::string& word : arguments) {
    if (word == "request") {
      query.responses = false;
    } else if (word == "response") {
      query.requests = false;
    } else if (&word == arguments.data()) {
      query.proxy = word == "-1" ? std::string() : word;
    } else {
      return {};
    }
  }
  return query;
}

std::int64_t milliseconds_since_epoch() {
  using std::chrono::system_clock;
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             system_clock::now().time_since_epoch())
      .count();
}

class ErrorsAnswer final : public LongAnswer {
 public:
  ErrorsAnswer(Engine& engine, Monitor& monitor, ErrorQuery query)
      : engine_(engine),
        monitor_(monitor),
        query_(std::move(query)),
        refused_(std::make_shared<Refused>()),
        deadline_(std::chrono::steady_clock::now() + kPatience) {
    refused_->parts.resize(engine.programs().size());
    refused_->workers_left = static_cast<std::uint32_t>(engine.programs().size());
    for (std::size_t worker = 0; worker < engine.programs().size(); ++worker) {
      engine.programs()[worker]->post_proxy([refused = refused_, worker](const http::Proxy& proxy) {
        refused->parts[worker] = {proxy.refused_requests().last(),
                                  proxy.refused_responses().last()};
        refused->workers_left.fetch_sub(1, std::memory_order_release);
      });
    }
  }

  bool advance(Answer& piece) override {
    if (refused_->workers_left.load(std::memory_order_acquire) != 0) {
      if (std::chrono::steady_clock::now() < deadline_) return false;
      piece = refusal("a worker does not answer");
      return true;
    }
    const std::int64_t now = milliseconds_since_epoch();
    std::vector<ErrorEvent> events;
    for (const StatRow& row : monitor_.stat_rows()) {
      if (!query_.proxy.empty() && query_.proxy != row.proxy() &&
          query_.proxy != std::to_string(row.proxy_id())) {
        continue;
      }
      if (row.kind() != RowKind::kServer) collect(row, now, events);
    }
    piece.text = format_errors(latest_events(std::move(events)), now);
    return true;
  }

 private:
  void collect(const StatRow& row, std::int64_t now, std::vector<ErrorEvent>& events) const {
    const http::Settings& settings = engine_.snapshot().http;
    if (row.kind() == RowKind::kFrontend && query_.requests) {
      for (const auto& frontend : settings.frontends) {
        if (frontend == nullptr || frontend->name != row.proxy()) continue;
        add(&Refused::Part::requests, frontend->id.index(), row, now, events);
      }
    }
    if (row.kind() == RowKind::kBackend && query_.responses) {
      for (const auto& backend : settings.backends) {
        if (backend == nullptr || backend->name != row.proxy()) continue;
        const std::size_t first = events.size();
        add(&Refused::Part::responses, backend->id.index(), row, now, events);
        for (std::size_t i = first; i < events.size(); ++i) name_server(*backend, events[i]);
      }
    }
  }

  void add(std::vector<http::RefusedHead> Refused::Part::*list, std::size_t index,
           const StatRow& row, std::int64_t now, std::vector<ErrorEvent>& events) const {
    for (const Refused::Part& part : refused_->parts) {
      if ((part.*list).size() <= index) continue;
      const http::RefusedHead& head = (part.*list)[index];
      if (head.error == http::HeadError::kNone) continue;
      ErrorEvent event;
      event.request = row.kind() == RowKind::kFrontend;
      event.proxy = row.proxy();
      event.proxy_id = row.proxy_id();
      const Duration ago = engine_.now() - head.at;
      event.at = now - std::chrono::duration_cast<std::chrono::milliseconds>(ago).count();
      event.head = head;
      events.push_back(std::move(event));
    }
  }

  static void name_server(const http::Backend& backend, ErrorEvent& event) {
    for (const http::Server& server : backend.servers) {
      if (server.id != event.head.server) continue;
      event.server = server.name;
      event.server_id = server.id.value() + 1;
    }
  }

  Engine& engine_;
  Monitor& monitor_;
  ErrorQuery query_;
  std::shared_ptr<Refused> refused_;
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace

void add_error_commands(CommandTable& commands, Engine& engine, Monitor& monitor) {
  commands.add(
      "show errors [{<iid>|<proxy>}] [request|response]",
      "the last refused request of each frontend and response of each backend",
      [&engine, &monitor](Arguments arguments) {
        auto query = parse(arguments);
        if (!query) return refusal("the arguments are: [{<iid>|<proxy>}] [request|response]");
        Answer answer;
        answer.rest = std::make_unique<ErrorsAnswer>(engine, monitor, *std::move(query));
        return answer;
      },
      AdminLevel::kOperator);
}

}  // namespace sluice::control
