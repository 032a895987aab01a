#include "control/metrics/exposition.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "dataplane/base/histogram.h"

namespace sluice::control {
namespace {

constexpr std::string_view kTotal = "_total";
constexpr std::size_t kUsualLine = 512;
constexpr std::size_t kPunctuation = 8;  // braces, commas, the blank, the end

// Microseconds as seconds, as exact as they are and no longer than needed: "0.000032", "67.108864".
std::string in_seconds(std::uint64_t microseconds) {
  std::string text = std::to_string(microseconds / 1'000'000);
  std::string fraction = std::to_string(1'000'000 + microseconds % 1'000'000).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  // A bound is a floating-point number, which OpenMetrics wants to be seen.
  return text + '.' + (fraction.empty() ? "0" : fraction);
}

constexpr std::size_t kBounds = Exposition::kLastBound - Exposition::kFirstBound + 1;

struct Bound {
  std::size_t bucket;  // the first above it
  std::string label;
};

std::array<Bound, kBounds> make_bounds() {
  std::array<Bound, kBounds> bounds;
  for (std::size_t i = 0; i < kBounds; ++i) {
    const std::uint64_t microseconds = std::uint64_t{1} << (Exposition::kFirstBound + i);
    bounds[i].bucket = SmallHistogram::bucket_of(std::chrono::microseconds(microseconds));
    bounds[i].label = label("le", in_seconds(microseconds));
  }
  return bounds;
}

const std::array<Bound, kBounds>& bounds() {
  static const std::array<Bound, kBounds> instance = make_bounds();
  return instance;
}

}  // namespace

std::string_view to_string(MetricType type) {
  switch (type) {
    case MetricType::kCounter:
      return "counter";
    case MetricType::kHistogram:
      return "histogram";
    case MetricType::kGauge:
      break;
  }
  return "gauge";
}

std::string label(std::string_view name, std::string_view value) {
  std::string text(name);
  text += "=\"";
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text += '"';
}

Exposition::Exposition(Format format, std::size_t expected) : format_(format) {
  text_.reserve(expected);
}

void Exposition::begin(const MetricInfo& metric) {
  metric_ = &metric;
  told_ = false;
}

// In OpenMetrics a counter's name has no "_total"; its samples do.
void Exposition::head() {
  told_ = true;
  std::string_view name = metric_->name;
  if (format_ == Format::kOpenMetrics && metric_->type == MetricType::kCounter) {
    name.remove_suffix(kTotal.size());
  }
  text_.append("# HELP ").append(name).append(" ");
  for (const char c : metric_->help) {
    if (c == '"' && format_ == Format::kOpenMetrics) text_ += '\\';
    text_ += c;
  }
  text_.append("\n# TYPE ").append(name).append(" ").append(to_string(metric_->type)).append("\n");
}

// A scrape of a thousand servers has fifty thousand lines: each is put together in one place and
// appended at once.
void Exposition::line(const Place& place, std::string_view number) {
  if (!told_) head();
  char text[kUsualLine];
  const std::size_t size = metric_->name.size() + place.suffix.size() + place.labels.size() +
                           place.more.size() + place.bound.size() + number.size() + kPunctuation;
  if (size > sizeof text) return long_line(place, number);
  char* end = text;
  const auto put = [&end](std::string_view part) {
    end = std::copy(part.begin(), part.end(), end);
  };
  put(metric_->name);
  put(place.suffix);
  char before = '{';
  for (const std::string_view part : {place.labels, place.more, place.bound}) {
    if (part.empty()) continue;
    *end++ = std::exchange(before, ',');
    put(part);
  }
  put(before == '{' ? " " : "} ");
  put(number);
  *end++ = '\n';
  text_.append(text, static_cast<std::size_t>(end - text));
}

void Exposition::long_line(const Place& place, std::string_view number) {
  text_.append(metric_->name).append(place.suffix);
  char before = '{';
  for (const std::string_view part : {place.labels, place.more, place.bound}) {
    if (part.empty()) continue;
    text_ += std::exchange(before, ',');
    text_ += part;
  }
  text_.append(before == '{' ? " " : "} ").append(number).append("\n");
}

template <typename Number>
void Exposition::number(const Place& place, Number value) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  line(place, {digits, static_cast<std::size_t>(end - digits)});
}

void Exposition::sample(std::string_view labels, std::string_view more, std::uint64_t value) {
  number({"", labels, more, ""}, value);
}

void Exposition::sample(std::string_view labels, std::int64_t value) {
  number({"", labels, "", ""}, value);
}

void Exposition::sample(std::string_view labels, double value) {
  number({"", labels, "", ""}, value);
}

void Exposition::histogram(std::string_view labels, std::string_view more, const Latency& latency) {
  const SmallDistribution& distribution = latency.distribution;
  std::uint64_t below = 0;
  std::size_t bucket = 0;
  for (const Bound& bound : bounds()) {
    for (; bucket < bound.bucket; ++bucket) below += distribution.count(bucket);
    number({"_bucket", labels, more, bound.label}, below);
  }
  number({"_bucket", labels, more, "le=\"+Inf\""}, distribution.count());
  line({"_sum", labels, more, ""}, in_seconds(latency.total_microseconds));
  number({"_count", labels, more, ""}, distribution.count());
}

std::string Exposition::finish() {
  if (format_ == Format::kOpenMetrics) text_ += "# EOF\n";
  return std::move(text_);
}

}  // namespace sluice::control
