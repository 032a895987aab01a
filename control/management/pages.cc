#include "control/management/pages.h"

#include <array>
#include <string>
#include <string_view>

#include "control/management/stats_page.h"
#include "control/metrics/metric_catalog.h"

namespace sluice::control {
namespace {

constexpr std::string_view kJson = "application/json";

enum class Kind : std::uint8_t {
  kNone,
  kHealth,
  kReady,
  kMetrics,
  kStatistics,
  kCsv,
  kStatJson,
  kInfoJson,
  kLatencyJson,
};

struct Address {
  std::string_view path;
  Kind kind;
};

constexpr std::array kAddresses{
    Address{"/healthz", Kind::kHealth},           Address{"/ready", Kind::kReady},
    Address{"/metrics", Kind::kMetrics},          Address{"/", Kind::kStatistics},
    Address{"/stats", Kind::kStatistics},         Address{"/haproxy", Kind::kStatistics},
    Address{"/stat.json", Kind::kStatJson},       Address{"/info.json", Kind::kInfoJson},
    Address{"/latency.json", Kind::kLatencyJson},
};

Kind kind_of(std::string_view target) {
  // HAProxy takes its words behind a semicolon, in the path or the query: "/;csv",
  // "/haproxy?stats;csv;norefresh".
  Kind form = Kind::kNone;
  if (target.find(";csv") != target.npos) form = Kind::kCsv;
  if (target.find(";json") != target.npos) form = Kind::kStatJson;
  const std::string_view path = target.substr(0, target.find_first_of("?;"));
  for (const Address& address : kAddresses) {
    if (address.path != path) continue;
    return address.kind == Kind::kStatistics && form != Kind::kNone ? form : address.kind;
  }
  return Kind::kNone;
}

struct Scope {
  std::string_view name;
  MetricScopes scopes;
};

constexpr std::array kScopes{
    Scope{"global", static_cast<MetricScopes>(MetricScope::kProcess)},
    Scope{"frontend", static_cast<MetricScopes>(MetricScope::kFrontend)},
    Scope{"backend", static_cast<MetricScopes>(MetricScope::kBackend)},
    Scope{"server", static_cast<MetricScopes>(MetricScope::kServer)},
    Scope{"*", kAllScopes},
};

// As HAProxy's exporter reads them: "scope=frontend&scope=backend"; an empty one takes all back.
MetricScopes scopes_of(std::string_view target) {
  constexpr std::string_view kScope = "scope=";
  const std::size_t mark = target.find('?');
  if (mark == target.npos) return kAllScopes;
  std::string_view query = target.substr(mark + 1);
  MetricScopes scopes = 0;
  bool asked = false;
  while (!query.empty()) {
    const std::string_view part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    if (!part.starts_with(kScope)) continue;
    asked = true;
    const std::string_view name = part.substr(kScope.size());
    if (name.empty()) scopes = 0;
    for (const Scope& scope : kScopes) {
      if (scope.name == name) scopes |= scope.scopes;
    }
  }
  return asked ? scopes : kAllScopes;
}

Page metrics_page(const PageRequest& request, const Report& report) {
  using Format = Exposition::Format;
  const Format format = request.open_metrics ? Format::kOpenMetrics : Format::kPrometheus;
  Page page;
  page.type = request.open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                   : "text/plain; version=0.0.4; charset=utf-8";
  page.body = expose(report, scopes_of(request.target), format);
  return page;
}

Page of_type(std::string_view type, std::string body) {
  Page page;
  page.type = type;
  page.body = std::move(body);
  return page;
}

}  // namespace

bool needs_report(const PageRequest& request) {
  const Kind kind = kind_of(request.target);
  return kind != Kind::kNone && kind != Kind::kHealth && kind != Kind::kReady;
}

Page page_without_report(const PageRequest& request, const Liveness& liveness) {
  const Kind kind = kind_of(request.target);
  if (kind == Kind::kNone) return plain_page(404, "there is no such page; see /");
  if (liveness.silence > kLongestSilence) return plain_page(503, "the control thread is stuck");
  if (kind == Kind::kReady && liveness.stopping) return plain_page(503, "draining");
  return plain_page(200, "ok");
}

Page page_of(const PageRequest& request, const Report& report) {
  switch (kind_of(request.target)) {
    case Kind::kMetrics:
      return metrics_page(request, report);
    case Kind::kStatistics: {
      Page page = of_type("text/html; charset=utf-8", stats_page(report));
      page.html = true;
      return page;
    }
    case Kind::kCsv:
      return of_type("text/plain; charset=utf-8", format_csv(report.rows, {}));
    case Kind::kStatJson:
      return of_type(kJson, format_json(report.rows, {}));
    case Kind::kInfoJson:
      return of_type(kJson, report.info.format_json());
    case Kind::kLatencyJson:
      return of_type(kJson, latency_table(report.latencies).format_json());
    case Kind::kNone:
    case Kind::kHealth:
    case Kind::kReady:
      break;
  }
  return page_without_report(request, {});
}

}  // namespace sluice::control
