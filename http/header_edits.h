#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "http/head_writer.h"
#include "http/text_template.h"

namespace sluice::http {

/// What a frontend changes in the fields of the requests or responses that pass it, as configured.
/// First fields are removed, then set (what there was of the name goes), then added. Immutable.
///
/// Whoever makes one has made sure that names and values are ones (RFC 9110 section 5) and that no
/// field is among them by which a message is framed, or that belongs to one hop.
class HeaderEdits {
 public:
  struct Line {
    std::string name;
    TextTemplate value;
  };

  HeaderEdits(std::vector<std::string> remove, std::vector<Line> set, std::vector<Line> add);

  /// Whether a field of this name does not pass.
  [[nodiscard]] bool drops(std::string_view name) const {
    return (lengths_ >> length_bit(name) & 1) != 0 && is_dropped(name);
  }
  /// Writes the lines that are set and added.
  void write(HeadWriter& writer, const TemplateValues& values) const;
  /// Whether {id} stands in any of them.
  [[nodiscard]] bool needs_tag() const { return needs_tag_; }

 private:
  static unsigned length_bit(std::string_view name) { return name.size() % 64; }
  [[nodiscard]] bool is_dropped(std::string_view name) const;

  std::vector<std::string> dropped_;
  std::vector<Line> lines_;
  std::uint64_t lengths_ = 0;  // of the names in dropped_: tells most names apart at once
  bool needs_tag_ = false;
};

}  // namespace sluice::http
