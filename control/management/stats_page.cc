#include "control/management/stats_page.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>

namespace sluice::control {
namespace {

constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Sluice</title><style>
body{font:13px/1.4 sans-serif;margin:1em;color:#222;background:#fff}
h1{font-size:1.3em;margin:0 0 .3em}h2{font-size:1.1em;margin:1.2em 0 .2em}
table{border-collapse:collapse}th,td{border:1px solid #ccc;padding:.1em .45em;text-align:right}
th{background:#eee;font-weight:600}td:first-child,th:first-child,td.t{text-align:left}
.up td{background:#e7f6e7}.down td{background:#f9d6d2}.other td{background:#fdf3cf}
.sum td{background:#eef2fa;font-weight:600}p{margin:.2em 0}
</style></head><body>
)";

std::string text_of(const Figure& figure) {
  struct Text {
    std::string operator()(std::uint64_t value) const { return std::to_string(value); }
    std::string operator()(std::int64_t value) const { return std::to_string(value); }
    std::string operator()(const std::string& value) const { return escape_html(value); }
  };
  return std::visit(Text{}, figure);
}

std::string info(const Report& report, std::string_view field) {
  const Figure* figure = report.info.find(field);
  return figure == nullptr ? "-" : text_of(*figure);
}

std::string cell(const StatRow& row, StatColumnName column) {
  const auto& figure = row.at(column.index);
  return figure ? text_of(*figure) : "";
}

// "3d4h", "5m12s"
std::string age(const StatRow& row, StatColumnName column) {
  const auto& figure = row.at(column.index);
  const auto* seconds = figure ? std::get_if<std::uint64_t>(&*figure) : nullptr;
  if (seconds == nullptr) return "";
  const std::uint64_t s = *seconds;
  const auto two = [](std::uint64_t a, char x, std::uint64_t b, char y) {
    return std::to_string(a) + x + std::to_string(b) + y;
  };
  if (s >= 86400) return two(s / 86400, 'd', s / 3600 % 24, 'h');
  if (s >= 3600) return two(s / 3600, 'h', s / 60 % 60, 'm');
  if (s >= 60) return two(s / 60, 'm', s % 60, 's');
  return std::to_string(s) + "s";
}

// "1.2 GiB"
std::string bytes(const StatRow& row, StatColumnName column) {
  const auto& figure = row.at(column.index);
  const auto* count = figure ? std::get_if<std::uint64_t>(&*figure) : nullptr;
  if (count == nullptr) return "";
  constexpr std::array<const char*, 5> kUnits{"B", "KiB", "MiB", "GiB", "TiB"};
  auto value = static_cast<double>(*count);
  std::size_t unit = 0;
  for (; value >= 1024 && unit + 1 < kUnits.size(); ++unit) value /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, unit == 0 ? "%.0f %s" : "%.1f %s", value, kUnits[unit]);
  return text;
}

std::string percentile(const Latency& latency, double percent) {
  if (latency.distribution.count() == 0) return "";
  const auto time = latency.distribution.percentile(percent);
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", std::chrono::duration<double, std::milli>(time).count());
  return text;
}

void add_cells(std::string& page, std::initializer_list<std::string_view> cells, char kind) {
  for (const std::string_view cell : cells) {
    page.append("<t").append(1, kind).append(">").append(cell);
  }
}

void add_process(std::string& page, const Report& report) {
  page += "<h1>Sluice " + info(report, "Version") + " on " + info(report, "node") + "</h1>\n";
  page += "<p>pid " + info(report, "Pid") + ", up " + info(report, "Uptime") + ", configuration " +
          info(report, "Snapshot") + (info(report, "Stopping") == "1" ? ", <b>draining</b>" : "") +
          "</p>\n<p>" + info(report, "CurrConns") + " client connections (" +
          info(report, "ConnRate") + "/s), " + info(report, "TcpConns") + " of " +
          info(report, "Maxconn") + " TCP connections, " + info(report, "CumReq") +
          " requests, TLS " + info(report, "SslRate") + "/s (" +
          info(report, "SslFrontendSessionReuse_pct") + " % resumed), " +
          info(report, "BuffersFree") + " of " + info(report, "Buffers") + " buffers free, " +
          info(report, "PacketsDropped") + " packets dropped</p>\n<p>load of the workers:";
  for (const WorkerReport& worker : report.workers) {
    char text[32];
    std::snprintf(text, sizeof text, " %.0f %%", 100 * worker.load);
    page += text;
  }
  page += "</p>\n";
}

void begin_table(std::string& page, std::string_view kind, std::string_view name) {
  page.append("<h2>").append(kind).append(" ").append(escape_html(name)).append("</h2>\n<table>");
  page += "<tr>";
  add_cells(page,
            {"",
             "status",
             "since",
             "weight",
             "queue",
             "max",
             "sessions",
             "max",
             "limit",
             "total",
             "a second",
             "max",
             "bytes in",
             "bytes out",
             "denied",
             "request errors",
             "connect errors",
             "response errors",
             "retries",
             "redispatches",
             "2xx",
             "3xx",
             "4xx",
             "5xx",
             "checks failed",
             "downs",
             "down for"},
            'h');
  page += "\n";
}

std::string_view style_of(const StatRow& row) {
  if (row.kind() == RowKind::kBackend) return "sum";
  const std::string status = row.status();
  if (status.starts_with("DOWN") || status == "STOP") return "down";
  if (status.starts_with("UP") || status == "OPEN" || status == "no check") return "up";
  return "other";
}

void add_row(std::string& page, const StatRow& row) {
  page.append("<tr class=").append(style_of(row)).append(">");
  add_cells(page, {escape_html(row.service()), cell(row, "status"),   age(row, "lastchg"),
                   cell(row, "weight"),        cell(row, "qcur"),     cell(row, "qmax"),
                   cell(row, "scur"),          cell(row, "smax"),     cell(row, "slim"),
                   cell(row, "stot"),          cell(row, "rate"),     cell(row, "rate_max"),
                   bytes(row, "bin"),          bytes(row, "bout"),    cell(row, "dreq"),
                   cell(row, "ereq"),          cell(row, "econ"),     cell(row, "eresp"),
                   cell(row, "wretr"),         cell(row, "wredis"),   cell(row, "hrsp_2xx"),
                   cell(row, "hrsp_3xx"),      cell(row, "hrsp_4xx"), cell(row, "hrsp_5xx"),
                   cell(row, "chkfail"),       cell(row, "chkdown"),  age(row, "downtime")},
            'd');
  page += "\n";
}

void add_latencies(std::string& page, const Report& report) {
  page += "<h2>times, in milliseconds</h2>\n<table><tr>";
  add_cells(page, {"", "", "count", "p50", "p90", "p99", "p99.9", "longest"}, 'h');
  page += "\n";
  const auto add = [&](std::string_view of, std::string_view what, const Latency& latency) {
    const std::uint64_t count = latency.distribution.count();
    if (count == 0) return;
    char longest[32];
    std::snprintf(longest, sizeof longest, "%.2f",
                  static_cast<double>(latency.longest_microseconds) / 1000);
    page += "<tr>";
    add_cells(
        page,
        {escape_html(of), what, std::to_string(count), percentile(latency, 50),
         percentile(latency, 90), percentile(latency, 99), percentile(latency, 99.9), longest},
        'd');
    page += "\n";
  };
  add("clients", "full handshake", report.latencies.full_handshake);
  add("clients", "resumed handshake", report.latencies.resumed_handshake);
  for (const BackendLatency& backend : report.latencies.backends) {
    add(backend.backend, "queue", backend.queue);
    add(backend.backend, "connect", backend.connect);
    add(backend.backend, "response", backend.response);
    add(backend.backend, "total", backend.total);
  }
  page += "</table>\n";
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string stats_page(const Report& report) {
  std::string page(kHead);
  add_process(page, report);
  // Rows come as `show stat` has them: a backend's servers before itself.
  std::uint32_t open = 0;
  for (const StatRow& row : report.rows) {
    if (row.proxy_id() != open) {
      if (open != 0) page += "</table>\n";
      open = row.proxy_id();
      begin_table(page, row.kind() == RowKind::kFrontend ? "frontend" : "backend", row.proxy());
    }
    add_row(page, row);
  }
  if (open != 0) page += "</table>\n";
  add_latencies(page, report);
  page += "</body></html>\n";
  return page;
}

}  // namespace sluice::control
