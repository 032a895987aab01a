#pragma once

#include <string>
#include <vector>

#include "control/metrics/exposition.h"
#include "control/metrics/report.h"

namespace sluice::control {

/// A report with the labels of what it has, so that they are made once for all metrics. The report
/// outlives it.
class LabelledReport {
 public:
  struct Row {
    const StatRow* row;
    std::string labels;
  };

  explicit LabelledReport(const Report& report);

  [[nodiscard]] const Report& report() const { return report_; }
  /// The rows of one kind.
  [[nodiscard]] const std::vector<Row>& rows(RowKind kind) const {
    return rows_[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] const std::string& worker(std::size_t index) const { return workers_[index]; }
  [[nodiscard]] const std::string& port(std::size_t index) const { return ports_[index]; }
  /// The sum over all workers of what stands at a place of counter_catalog().
  [[nodiscard]] std::uint64_t counter(std::size_t index) const;

 private:
  const Report& report_;
  std::vector<Row> rows_[3];
  std::vector<std::string> workers_;
  std::vector<std::string> ports_;
};

}  // namespace sluice::control
