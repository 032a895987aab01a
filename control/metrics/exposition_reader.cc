#include "control/metrics/exposition_reader.h"

#include <cctype>
#include <cstdlib>
#include <regex>

namespace sluice::control {
namespace {

const std::regex& metric_name() {
  static const std::regex pattern("[a-zA-Z_:][a-zA-Z0-9_:]*");
  return pattern;
}
const std::regex& label_name() {
  static const std::regex pattern("[a-zA-Z_][a-zA-Z0-9_]*");
  return pattern;
}
const std::regex& number() {
  static const std::regex pattern("[+-]?([0-9]+(\\.[0-9]+)?([eE][+-]?[0-9]+)?|Inf)|NaN");
  return pattern;
}

double to_number(const std::string& text) {
  return std::strtod(text.c_str(), nullptr);
}

}  // namespace

void ExpositionReader::fail(const std::string& what) {
  throw std::runtime_error(what);
}

ExpositionReader::ExpositionReader(std::string_view text, Exposition::Format format)
    : open_metrics_(format == Exposition::Format::kOpenMetrics) {
  if (!text.empty() && text.back() != '\n') fail("the last line does not end");
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    try {
      read_line(line);
    } catch (const std::runtime_error& fault) {
      fail(std::string(fault.what()) + ": " + std::string(line));
    }
  }
  end_family();
  if (open_metrics_ && !ended_) fail("no end");
}

void ExpositionReader::read_line(std::string_view line) {
  if (ended_) fail("something behind the end");
  if (line.empty()) fail("an empty line");
  if (line == "# EOF" && open_metrics_) {
    ended_ = true;
  } else if (line.starts_with('#')) {
    read_comment(line);
  } else {
    read_sample(line);
  }
}

// "# HELP name text", then "# TYPE name type", and once for each name.
void ExpositionReader::read_comment(std::string_view line) {
  static const std::regex pattern("# (HELP|TYPE) ([^ ]+) (.+)");
  std::match_results<std::string_view::const_iterator> match;
  if (!std::regex_match(line.begin(), line.end(), match, pattern)) fail("neither HELP nor TYPE");
  const std::string name = match[2];
  if (!std::regex_match(name, metric_name())) fail("bad name");
  if (match[1] == "HELP") {
    end_family();
    if (families_.contains(name)) fail("told twice");
    const std::string help = match[3];
    const std::string escapable = open_metrics_ ? "\\n\"" : "\\n";
    for (std::size_t i = 0; i < help.size(); ++i) {
      if (help[i] == '\\' && (i + 1 == help.size() || escapable.find(help[++i]) == help.npos)) {
        fail("bad escape");
      }
    }
    families_[name].help = help;
    family_ = name;
    return;
  }
  if (name != family_ || has_type_) fail("TYPE without its HELP");
  const std::string type = match[3];
  if (type != "counter" && type != "gauge" && type != "histogram") fail("bad type");
  families_[name].type = type;
  has_type_ = true;
}

void ExpositionReader::end_family() {
  if (!family_.empty() && (!has_type_ || samples_ == 0)) fail(family_ + " has no samples");
  for (const auto& [labels, buckets] : buckets_) {
    if (!buckets.infinite) fail(family_ + " has no last bucket");
    Labels none = labels;
    if (to_number(value(family_ + "_count", none)) != buckets.count) fail("another count");
    static_cast<void>(value(family_ + "_sum", none));
  }
  buckets_.clear();
  family_.clear();
  has_type_ = false;
  samples_ = 0;
}

ExpositionReader::Labels ExpositionReader::read_labels(std::string_view& rest) {
  Labels labels;
  rest.remove_prefix(1);
  while (!rest.starts_with('}')) {
    const std::size_t equals = rest.find("=\"");
    if (equals == rest.npos) fail("a label without its value");
    const std::string name(rest.substr(0, equals));
    if (!std::regex_match(name, label_name()) || name.starts_with("__")) fail("bad label");
    rest.remove_prefix(equals + 2);
    std::string value;
    while (!rest.starts_with('"')) {
      if (rest.empty()) fail("a value without its end");
      if (rest.starts_with('\\')) {
        rest.remove_prefix(1);
        if (!rest.starts_with('\\') && !rest.starts_with('"') && !rest.starts_with('n')) {
          fail("bad escape");
        }
      }
      value += rest.front();
      rest.remove_prefix(1);
    }
    rest.remove_prefix(1);
    if (!labels.emplace(name, value).second) fail("a label twice");
    if (rest.starts_with(',')) {
      rest.remove_prefix(1);
      if (rest.starts_with('}')) fail("a comma too many");
    } else if (!rest.starts_with('}')) {
      fail("no comma");
    }
  }
  rest.remove_prefix(1);
  if (labels.empty()) fail("empty braces");
  return labels;
}

void ExpositionReader::read_sample(std::string_view line) {
  const std::size_t name_end = line.find_first_of("{ ");
  const std::string name(line.substr(0, name_end));
  if (!std::regex_match(name, metric_name())) fail("bad name");
  std::string_view rest = line.substr(name.size());
  const Labels labels = rest.starts_with('{') ? read_labels(rest) : Labels();
  if (!rest.starts_with(' ')) fail("no blank");
  const std::string value(rest.substr(1));
  if (!std::regex_match(value, number())) fail("no number");
  if (!has_type_) fail("a sample without TYPE");
  check_sample(name, labels, value);
  if (!series_.emplace(Series(name, labels), value).second) fail("a series twice");
  ++samples_;
}

void ExpositionReader::check_sample(const std::string& name, const Labels& labels,
                                    const std::string& value) {
  const std::string& type = families_[family_].type;
  if (type == "histogram") {
    if (name == family_ + "_bucket") return check_bucket(labels, value);
    if (name != family_ + "_sum" && name != family_ + "_count") fail("of another metric");
    if (labels.contains("le")) fail("a bound that is none");
    return;
  }
  const bool counter = type == "counter";
  const std::string expected = counter && open_metrics_ ? family_ + "_total" : family_;
  if (name != expected) fail("of another metric");
  if (counter && !name.ends_with("_total")) fail("a counter's name ends in _total");
  if (!counter && name.ends_with("_total")) fail("only a counter's name ends in _total");
  if (counter && to_number(value) < 0) fail("a negative counter");
}

void ExpositionReader::check_bucket(const Labels& labels, const std::string& value) {
  Labels others = labels;
  const auto bound = others.extract("le");
  if (bound.empty() || !std::regex_match(bound.mapped(), number())) fail("no bound");
  Buckets& buckets = buckets_[others];
  const double count = to_number(value);
  if (buckets.infinite) fail("a bucket behind the last");
  if (buckets.any && to_number(bound.mapped()) <= buckets.bound) fail("bounds out of order");
  if (count < buckets.count) fail("buckets are not cumulative");
  buckets = {to_number(bound.mapped()), count, bound.mapped() == "+Inf", true};
}

std::string ExpositionReader::value(const std::string& name, const Labels& labels) const {
  const auto found = series_.find({name, labels});
  if (found == series_.end()) fail("no sample of " + name);
  return found->second;
}

std::size_t ExpositionReader::count(const std::string& name) const {
  std::size_t count = 0;
  for (const auto& [series, value] : series_) count += series.first == name ? 1 : 0;
  return count;
}

}  // namespace sluice::control
