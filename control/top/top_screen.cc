#include "control/top/top_screen.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>
#include <utility>

namespace sluice::control {
namespace {

using Kind = TopService::Kind;
using Style = TopLine::Style;

// "999", "12.3k", "4.56M": at most five characters.
std::string short_number(double value) {
  constexpr std::array<const char*, 5> kUnits{"", "k", "M", "G", "T"};
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  char text[32];
  const int decimals = unit == 0 || value >= 99.95 ? 0 : (value >= 9.995 ? 1 : 2);
  std::snprintf(text, sizeof text, "%.*f%s", decimals, value, kUnits[unit]);
  return text;
}

std::string short_number(std::uint64_t value) {
  return short_number(static_cast<double>(value));
}

// "85us", "1.23ms", "2.5s"
std::string short_time(std::uint64_t microseconds) {
  const auto value = static_cast<double>(microseconds);
  char text[32];
  if (microseconds < 1000) {
    std::snprintf(text, sizeof text, "%.0fus", value);
  } else if (microseconds < 999'500) {
    std::snprintf(text, sizeof text, "%.*fms", microseconds < 99'950 ? 1 : 0, value / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%.1fs", value / 1e6);
  }
  return text;
}

std::string to_width(std::string text, std::size_t width, bool left = false) {
  if (text.size() > width) text.resize(width);
  const std::string padding(width - text.size(), ' ');
  return left ? text + padding : padding + text;
}

std::uint64_t percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100 * part / whole;
}

struct Column {
  std::string_view title;
  std::size_t width;
};
constexpr std::array kColumns{
    Column{"status", 9}, Column{"sess", 6},   Column{"queue", 6}, Column{"req/s", 6},
    Column{"total", 6},  Column{"errors", 7}, Column{"4xx", 6},   Column{"5xx", 6},
    Column{"in", 6},     Column{"out", 6},    Column{"avg", 7},   Column{"p50", 7},
    Column{"p99", 7},
};
constexpr std::size_t kLeastNameWidth = 16;
constexpr std::size_t kMostNameWidth = 40;

std::size_t name_width(std::size_t columns) {
  std::size_t others = 0;
  for (const Column& column : kColumns) others += column.width + 1;
  return std::clamp(columns > others ? columns - others : 0, kLeastNameWidth, kMostNameWidth);
}

/// A proxy with what belongs to it.
struct Group {
  const TopService* proxy;
  std::vector<const TopService*> servers;
};

std::uint64_t key_of(const TopService& service, TopView::Order order) {
  switch (order) {
    case TopView::Order::kRate:
      return service.rate;
    case TopView::Order::kSessions:
      return service.sessions;
    case TopView::Order::kErrors:
      return service.errors;
    case TopView::Order::kTime:
      return service.average_ms;
    case TopView::Order::kConfigured:
      break;
  }
  return 0;
}

bool matches(const TopService& service, const std::string& filter) {
  return service.proxy.find(filter) != std::string::npos ||
         service.name.find(filter) != std::string::npos;
}

// Backends come behind their servers in `show stat`, and stand before them here.
std::vector<Group> groups_of(const TopFigures& figures, const TopView& view) {
  std::vector<Group> groups;
  std::vector<const TopService*> servers;
  for (const TopService& service : figures.services) {
    if (service.kind == Kind::kServer) {
      if (matches(service, view.filter)) servers.push_back(&service);
      continue;
    }
    Group group{&service, std::exchange(servers, {})};
    if (group.servers.empty() && !matches(service, view.filter)) continue;
    if (!view.servers) group.servers.clear();
    groups.push_back(std::move(group));
  }
  if (view.order == TopView::Order::kConfigured) return groups;
  const auto more = [&](const TopService& a, const TopService& b) {
    return key_of(a, view.order) > key_of(b, view.order);
  };
  for (Group& group : groups) {
    std::ranges::stable_sort(group.servers,
                             [&](const auto* a, const auto* b) { return more(*a, *b); });
  }
  // Frontends stay before backends.
  std::ranges::stable_sort(groups, [&](const Group& a, const Group& b) {
    const bool a_is_front = a.proxy->kind == Kind::kFrontend;
    const bool b_is_front = b.proxy->kind == Kind::kFrontend;
    return a_is_front != b_is_front ? a_is_front : more(*a.proxy, *b.proxy);
  });
  return groups;
}

std::vector<const TopService*> rows_of(const TopFigures& figures, const TopView& view) {
  std::vector<const TopService*> rows;
  for (const Group& group : groups_of(figures, view)) {
    rows.push_back(group.proxy);
    rows.insert(rows.end(), group.servers.begin(), group.servers.end());
  }
  return rows;
}

Style style_of(const TopService& service) {
  const std::string_view status = service.status;
  if (status.starts_with("DOWN") || status == "STOP") return Style::kBad;
  if (status.starts_with("MAINT") || status.starts_with("DRAIN") || status == "NOLB") {
    return Style::kWarning;
  }
  return service.kind == Kind::kServer ? Style::kPlain : Style::kStrong;
}

TopLine draw_row(const TopService& service, const TopFigures& figures, std::size_t width) {
  std::string name = service.kind == Kind::kServer ? "  " + service.name : service.proxy;
  if (service.kind == Kind::kFrontend) name = "> " + name;
  const auto latency = figures.latencies.find(service.proxy);
  const bool measured = service.kind == Kind::kBackend && latency != figures.latencies.end();
  const bool frontend = service.kind == Kind::kFrontend;
  const std::array<std::string, kColumns.size()> cells{
      service.status,
      short_number(service.sessions),
      frontend ? "" : short_number(service.queue),
      short_number(service.rate),
      short_number(service.total),
      short_number(service.errors),
      short_number(service.responses_4xx),
      short_number(service.responses_5xx),
      short_number(service.bytes_in),
      short_number(service.bytes_out),
      frontend ? "" : std::to_string(service.average_ms) + "ms",
      measured ? short_time(latency->second.p50) : "",
      measured ? short_time(latency->second.p99) : "",
  };
  std::string text = to_width(std::move(name), width, true);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    text += " " + to_width(cells[i], kColumns[i].width);
  }
  return {std::move(text), style_of(service)};
}

TopLine draw_header(std::size_t width) {
  std::string text = to_width("frontend, backend, server", width, true);
  for (const Column& column : kColumns) {
    text += " " + to_width(std::string(column.title), column.width);
  }
  return {std::move(text), Style::kHeader};
}

void draw_process(std::vector<TopLine>& lines, const TopFigures& figures) {
  const auto info = [&](std::string_view field) {
    return std::string(figures.info_or_dash(field));
  };
  std::string title = "Sluice " + info("Version") + " on " + info("node") + ", pid " + info("Pid") +
                      ", up " + info("Uptime") + ", configuration " + info("Snapshot");
  if (info("Stopping") == "1") title += ", DRAINING";
  lines.push_back({std::move(title), Style::kStrong});
  lines.push_back({"clients " + info("CurrConns") + " (" + info("ConnRate") + "/s), TLS " +
                   info("SslRate") + "/s (" + info("SslFrontendSessionReuse_pct") +
                   "% resumed), TCP " + info("TcpConns") + " of " + info("Maxconn") +
                   ", half-open " + info("TcpHalfOpen") + ", requests " + info("CumReq")});
}

// "worker  3 cpu  5 [||||||||            ]  42.0%  1.2k conns ..."
TopLine draw_worker(const TopWorker& worker) {
  constexpr std::size_t kBar = 20;
  const double load = std::clamp(worker.load_percent, 0.0, 100.0);
  const auto filled = static_cast<std::size_t>(std::lround(load / 100 * kBar));
  char text[160];
  std::snprintf(text, sizeof text,
                "worker %2llu cpu %2llu [%s%s] %5.1f%% %6s conns %6s in/s %6s out/s %6s drops "
                "%3llu%% buffers free",
                static_cast<unsigned long long>(worker.index),
                static_cast<unsigned long long>(worker.cpu), std::string(filled, '|').c_str(),
                std::string(kBar - filled, ' ').c_str(), load,
                short_number(worker.connections).c_str(), short_number(worker.packets_in).c_str(),
                short_number(worker.packets_out).c_str(), short_number(worker.drops).c_str(),
                static_cast<unsigned long long>(percent(worker.buffers_free, worker.buffers)));
  const Style style = percent(worker.buffers_free, worker.buffers) < 25 && worker.buffers > 0
                          ? Style::kBad
                          : (load >= 90 ? Style::kWarning : Style::kPlain);
  return {text, style};
}

// A third of the screen at most; of more workers, the busiest.
void draw_workers(std::vector<TopLine>& lines, const TopFigures& figures, TopSize size) {
  std::vector<const TopWorker*> workers;
  for (const TopWorker& worker : figures.workers) workers.push_back(&worker);
  const std::size_t most = std::max<std::size_t>(1, size.lines / 3);
  const std::size_t left_out = workers.size() > most ? workers.size() - (most - 1) : 0;
  if (left_out > 0) {
    std::ranges::stable_sort(
        workers, [](const auto* a, const auto* b) { return a->load_percent > b->load_percent; });
    workers.resize(most - 1);
  }
  for (const TopWorker* worker : workers) lines.push_back(draw_worker(*worker));
  if (left_out > 0)
    lines.push_back({"and " + std::to_string(left_out) + " workers with less load"});
}

std::string_view name_of(TopView::Order order) {
  switch (order) {
    case TopView::Order::kRate:
      return "rate";
    case TopView::Order::kSessions:
      return "sessions";
    case TopView::Order::kErrors:
      return "errors";
    case TopView::Order::kTime:
      return "average time";
    case TopView::Order::kConfigured:
      break;
  }
  return "none";
}

TopLine draw_keys(const TopView& view) {
  if (view.typing)
    return {"filter: " + view.filter + "_  (Enter: done, Esc: none)", Style::kHeader};
  std::string text = "q quit  order (" + std::string(name_of(view.order)) +
                     "): n none r rate s sessions e errors t time  b backends only  / filter";
  if (!view.filter.empty()) text += " (" + view.filter + ")";
  return {std::move(text), Style::kHeader};
}

void fit(TopLine& line, std::size_t columns) {
  for (char& c : line.text) {
    if (c < ' ' || c > '~') c = '?';
  }
  if (line.text.size() > columns) line.text.resize(columns);
}

}  // namespace

std::size_t count_top_rows(const TopFigures& figures, const TopView& view) {
  return rows_of(figures, view).size();
}

std::vector<TopLine> draw_top(const TopFigures& figures, const TopView& view, TopSize size,
                              const std::string& fault) {
  std::vector<TopLine> lines;
  draw_process(lines, figures);
  if (!fault.empty()) lines.push_back({fault, Style::kBad});
  draw_workers(lines, figures, size);
  const std::size_t width = name_width(size.columns);
  lines.push_back(draw_header(width));
  const std::vector<const TopService*> rows = rows_of(figures, view);
  const std::size_t room = size.lines > lines.size() + 1 ? size.lines - lines.size() - 1 : 0;
  for (std::size_t i = 0; i < room; ++i) {
    const std::size_t row = view.first + i;
    lines.push_back(row < rows.size() ? draw_row(*rows[row], figures, width) : TopLine{});
  }
  lines.push_back(draw_keys(view));
  if (lines.size() > size.lines) lines.resize(size.lines);
  for (TopLine& line : lines) fit(line, size.columns);
  return lines;
}

}  // namespace sluice::control
