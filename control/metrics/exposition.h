#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "control/stats/latency.h"

/// Metrics as text, as Prometheus (exposition format 0.0.4) and OpenMetrics 1.0 define it.
namespace sluice::control {

enum class MetricType : std::uint8_t { kCounter, kGauge, kHistogram };
std::string_view to_string(MetricType type);

struct MetricInfo {
  std::string name;  ///< a counter's ends in "_total"
  MetricType type = MetricType::kGauge;
  std::string labels;  ///< for the manual: "proxy, code"
  std::string help;    ///< one line
};

/// A label as it stands between braces: `name="value"`, with what must be escaped.
std::string label(std::string_view name, std::string_view value);

/// Writes the text, one metric after the other. Labels are those of label(), joined by commas.
class Exposition {
 public:
  enum class Format : std::uint8_t { kPrometheus, kOpenMetrics };

  /// Histograms are cut at the powers of two of a microsecond from 2^5 (32 us) to 2^26 (67 s):
  /// there SmallHistogram's buckets begin, so that what a bucket says is exact.
  static constexpr unsigned kFirstBound = 5;
  static constexpr unsigned kLastBound = 26;

  /// `expected`: bytes that the text will probably have.
  Exposition(Format format, std::size_t expected);

  /// The metric that what follows is of. It is not mentioned when nothing follows.
  void begin(const MetricInfo& metric);

  /// `more` is a further label, for where several samples share `labels`.
  void sample(std::string_view labels, std::string_view more, std::uint64_t value);
  void sample(std::string_view labels, std::uint64_t value) { sample(labels, {}, value); }
  void sample(std::string_view labels, std::int64_t value);
  void sample(std::string_view labels, double value);
  /// In seconds.
  void histogram(std::string_view labels, std::string_view more, const Latency& latency);

  /// The whole text.
  [[nodiscard]] std::string finish();

 private:
  void head();
  /// What stands in front of a number, but for the metric's name.
  struct Place {
    std::string_view suffix;
    std::string_view labels;
    std::string_view more;
    std::string_view bound;
  };
  void line(const Place& place, std::string_view number);
  void long_line(const Place& place, std::string_view number);
  template <typename Number>
  void number(const Place& place, Number value);

  Format format_;
  const MetricInfo* metric_ = nullptr;
  bool told_ = false;  // metric_ has its lines of help and type
  std::string text_;
};

}  // namespace sluice::control
