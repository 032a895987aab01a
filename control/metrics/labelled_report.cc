#include "control/metrics/labelled_report.h"

namespace sluice::control {

LabelledReport::LabelledReport(const Report& report) : report_(report) {
  for (const StatRow& row : report.rows) {
    std::string labels = label("proxy", row.proxy());
    if (row.kind() == RowKind::kServer) labels += "," + label("server", row.service());
    rows_[static_cast<std::size_t>(row.kind())].push_back({&row, std::move(labels)});
  }
  for (std::size_t i = 0; i < report.workers.size(); ++i) {
    workers_.push_back(label("worker", std::to_string(i)));
  }
  for (const PortReport& port : report.ports) ports_.push_back(label("port", port.name));
}

std::uint64_t LabelledReport::counter(std::size_t index) const {
  std::uint64_t sum = 0;
  for (const WorkerReport& worker : report_.workers) sum += worker.counters[index];
  return sum;
}

}  // namespace sluice::control
