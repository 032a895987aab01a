#include "control/config/document.h"

#include <toml++/toml.h>

namespace sluice::control {
namespace {

// Deeper than any table of ours; keeps the recursion over a hostile document short.
constexpr int kMaximumDepth = 16;

struct TooDeep {
  Position at;
};

Position position_of(const toml::source_region& source) {
  return {source.begin.line, source.begin.column};
}

Value convert(const toml::node& node, int depth);

Table convert_table(const toml::table& table, int depth) {
  Table result;
  result.entries.reserve(table.size());
  for (const auto& [key, node] : table) {
    result.entries.push_back(
        {std::string(key.str()), position_of(key.source()), convert(node, depth)});
  }
  return result;
}

std::vector<Value> convert_array(const toml::array& array, int depth) {
  std::vector<Value> result;
  result.reserve(array.size());
  for (const toml::node& node : array) result.push_back(convert(node, depth));
  return result;
}

Value convert(const toml::node& node, int depth) {
  Value value;
  value.at = position_of(node.source());
  if (depth > kMaximumDepth) throw TooDeep{value.at};
  switch (node.type()) {
    case toml::node_type::table:
      value.data = convert_table(*node.as_table(), depth + 1);
      break;
    case toml::node_type::array:
      value.data = convert_array(*node.as_array(), depth + 1);
      break;
    case toml::node_type::string:
      value.data = node.as_string()->get();
      break;
    case toml::node_type::integer:
      value.data = node.as_integer()->get();
      break;
    case toml::node_type::floating_point:
      value.data = node.as_floating_point()->get();
      break;
    case toml::node_type::boolean:
      value.data = node.as_boolean()->get();
      break;
    default:
      value.data = Value::DateTime{};
      break;
  }
  return value;
}

}  // namespace

std::string_view Value::kind() const {
  struct Name {
    std::string_view operator()(const Table&) const { return "a table"; }
    std::string_view operator()(const std::vector<Value>&) const { return "a list"; }
    std::string_view operator()(const std::string&) const { return "a string"; }
    std::string_view operator()(std::int64_t) const { return "an integer"; }
    std::string_view operator()(double) const { return "a number with a fraction"; }
    std::string_view operator()(bool) const { return "a boolean"; }
    std::string_view operator()(DateTime) const { return "a date or time"; }
  };
  return std::visit(Name{}, data);
}

std::optional<Value> parse_document(std::string_view text, Diagnostics& diagnostics) {
  try {
    return convert(toml::parse(text), 0);
  } catch (const toml::parse_error& error) {
    diagnostics.error(position_of(error.source()), std::string(error.description()));
  } catch (const TooDeep& error) {
    diagnostics.error(error.at, "too many tables within each other");
  }
  return {};
}

}  // namespace sluice::control
