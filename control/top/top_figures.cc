#include "control/top/top_figures.h"

#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

namespace sluice::control {
namespace {

using nlohmann::json;

json parse(const std::string& text) {
  json list = json::parse(text, nullptr, false);
  if (!list.is_array()) throw std::runtime_error("the answer is not Sluice's");
  return list;
}

std::string to_text(const json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::uint64_t number(const json& row, const char* field) {
  return row.value(field, std::uint64_t{0});
}

/// Lines of values between commas, some of them in quotes (RFC 4180), with a line of names.
class CsvTable {
 public:
  explicit CsvTable(std::string_view text) : rest_(text) {
    if (!rest_.starts_with("# ")) throw std::runtime_error("the answer is not Sluice's");
    rest_.remove_prefix(2);
    const std::vector<std::string> names = line();
    for (std::size_t i = 0; i < names.size(); ++i) columns_.emplace(names[i], i);
  }

  /// Goes to the next line; false behind the last.
  bool next() {
    if (rest_.empty() || rest_.front() == '\n') return false;
    row_ = line();
    return true;
  }
  [[nodiscard]] std::string text(std::string_view column) const {
    const auto found = columns_.find(column);
    return found == columns_.end() || found->second >= row_.size() ? "" : row_[found->second];
  }
  /// 0 for what is none.
  [[nodiscard]] std::uint64_t number(std::string_view column) const {
    const std::string digits = text(column);
    std::uint64_t value = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
  }

 private:
  std::vector<std::string> line() {
    std::vector<std::string> values(1);
    bool quoted = false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') {
        // Two in quotes are one.
        if (quoted && rest_.starts_with('"')) {
          values.back() += c;
          rest_.remove_prefix(1);
        } else {
          quoted = !quoted;
        }
      } else if (c == ',' && !quoted) {
        values.emplace_back();
      } else if (c == '\n' && !quoted) {
        break;
      } else {
        values.back() += c;
      }
    }
    return values;
  }

  std::string_view rest_;
  std::map<std::string, std::size_t, std::less<>> columns_;
  std::vector<std::string> row_;
};

TopService read_service(const CsvTable& row) {
  TopService service;
  service.proxy = row.text("pxname");
  service.name = row.text("svname");
  service.kind = TopService::Kind::kServer;
  if (service.name == "FRONTEND") service.kind = TopService::Kind::kFrontend;
  if (service.name == "BACKEND") service.kind = TopService::Kind::kBackend;
  if (service.kind != TopService::Kind::kServer) service.name.clear();
  const bool frontend = service.kind == TopService::Kind::kFrontend;
  service.status = row.text("status");
  service.sessions = row.number("scur");
  service.queue = row.number("qcur");
  service.rate = row.number(frontend ? "req_rate" : "rate");
  service.total = row.number("req_tot");
  service.errors = frontend ? row.number("ereq") : row.number("econ") + row.number("eresp");
  service.responses_4xx = row.number("hrsp_4xx");
  service.responses_5xx = row.number("hrsp_5xx");
  service.bytes_in = row.number("bin");
  service.bytes_out = row.number("bout");
  service.average_ms = row.number("ttime");
  return service;
}

TopWorker read_worker(const json& row) {
  TopWorker worker;
  worker.index = number(row, "worker");
  worker.cpu = number(row, "cpu");
  worker.load_percent = row.value("load_pct", 0.0);
  worker.connections = number(row, "connections");
  worker.packets_in = number(row, "packets_in_s");
  worker.packets_out = number(row, "packets_out_s");
  worker.drops = number(row, "drops");
  worker.buffers = number(row, "buffers");
  worker.buffers_free = number(row, "buffers_free");
  return worker;
}

}  // namespace

std::string_view TopFigures::info_or_dash(std::string_view field) const {
  const auto found = info.find(field);
  return found == info.end() ? std::string_view("-") : found->second;
}

TopFigures read_top_figures(const TopAnswers& answers) {
  TopFigures figures;
  try {
    for (const json& field : parse(answers.info)) {
      figures.info.emplace(field.at("field").at("name").get<std::string>(),
                           to_text(field.at("value").at("value")));
    }
    for (const json& row : parse(answers.workers)) figures.workers.push_back(read_worker(row));
    for (const json& row : parse(answers.latency)) {
      if (row.at("time") != "total") continue;
      figures.latencies[row.at("of").get<std::string>()] = {number(row, "p50_us"),
                                                            number(row, "p99_us")};
    }
  } catch (const json::exception&) {
    throw std::runtime_error("the answer is not Sluice's");
  }
  CsvTable stat(answers.stat);
  while (stat.next()) figures.services.push_back(read_service(stat));
  return figures;
}

}  // namespace sluice::control
