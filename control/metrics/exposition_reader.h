#pragma once

#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/metrics/exposition.h"

namespace sluice::control {

/// For tests: reads the text of a scrape as strictly as the format can be taken, and throws
/// std::runtime_error with the line that breaks a rule.
class ExpositionReader {
 public:
  using Labels = std::map<std::string, std::string>;

  struct Family {
    std::string type;
    std::string help;
  };

  ExpositionReader(std::string_view text, Exposition::Format format);

  [[nodiscard]] const std::map<std::string, Family>& families() const { return families_; }
  /// The value of one sample, as it is written. Throws when there is none.
  [[nodiscard]] std::string value(const std::string& name, const Labels& labels = {}) const;
  /// How many samples have this name.
  [[nodiscard]] std::size_t count(const std::string& name) const;

 private:
  using Series = std::pair<std::string, Labels>;

  void read_line(std::string_view line);
  void read_comment(std::string_view line);
  void read_sample(std::string_view line);
  Labels read_labels(std::string_view& rest);
  void check_sample(const std::string& name, const Labels& labels, const std::string& value);
  void check_bucket(const Labels& labels, const std::string& value);
  void end_family();
  [[noreturn]] static void fail(const std::string& what);

  bool open_metrics_;
  bool ended_ = false;
  std::string family_;  // whose lines these are
  bool has_type_ = false;
  std::size_t samples_ = 0;
  std::map<std::string, Family> families_;
  std::map<Series, std::string> series_;

  struct Buckets {
    double bound = 0;
    double count = 0;
    bool infinite = false;
    bool any = false;
  };
  std::map<Labels, Buckets> buckets_;  // of the present family, by the labels but "le"
};

}  // namespace sluice::control
