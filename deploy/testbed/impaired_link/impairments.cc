#include "deploy/testbed/impaired_link/impairments.h"

#include <charconv>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>

namespace sluice::testbed {
namespace {

/// A number with what stands behind it.
struct Quantity {
  double number;
  std::string_view unit;
};

std::invalid_argument unreadable(std::string_view text, std::string_view expected) {
  return std::invalid_argument("'" + std::string(text) + "': expected " + std::string(expected));
}

Quantity parse_quantity(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !(number >= 0) || number > 1e15) {
    throw unreadable(text, "a number that is not negative");
  }
  return {number, text.substr(static_cast<std::size_t>(end - text.data()))};
}

double parse_share(std::string_view text) {
  const auto [number, unit] = parse_quantity(text);
  if (!unit.empty() || number > 1) throw unreadable(text, "a share from 0 to 1");
  return number;
}

Duration parse_time(std::string_view text) {
  static const std::map<std::string_view, double> kUnits = {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};
  const auto [number, unit] = parse_quantity(text);
  const auto found = kUnits.find(unit);
  if (found == kUnits.end() || number * found->second > 60e9) {
    throw unreadable(text, "a time of at most 60s, in us, ms or s");
  }
  return Duration(static_cast<Duration::rep>(number * found->second));
}

std::uint64_t parse_amount(std::string_view text, double thousand) {
  const auto [number, unit] = parse_quantity(text);
  const std::map<std::string_view, double> units = {
      {"", 1}, {"K", thousand}, {"M", thousand * thousand}, {"G", thousand * thousand * thousand}};
  const auto found = units.find(unit);
  if (found == units.end() || number * found->second > 1e12) {
    throw unreadable(text, "a number, with K, M or G");
  }
  return static_cast<std::uint64_t>(number * found->second);
}

std::uint32_t parse_count(std::string_view text) {
  const std::uint64_t number = parse_amount(text, 1000);
  if (number > 1'000'000) throw unreadable(text, "at most 1M");
  return static_cast<std::uint32_t>(number);
}

bool parse_answer(std::string_view text) {
  if (text == "yes") return true;
  if (text == "no") return false;
  throw unreadable(text, "yes or no");
}

using Setter = std::function<void(Impairments&, std::string_view)>;

const std::map<std::string_view, Setter>& setters() {
  using I = Impairments;
  using Text = std::string_view;
  static const std::map<std::string_view, Setter> kSetters = {
      {"loss", [](I& of, Text text) { of.loss = parse_share(text); }},
      {"burst-enter", [](I& of, Text text) { of.burst_enter = parse_share(text); }},
      {"burst-leave", [](I& of, Text text) { of.burst_leave = parse_share(text); }},
      {"burst-loss", [](I& of, Text text) { of.burst_loss = parse_share(text); }},
      {"delay", [](I& of, Text text) { of.delay = parse_time(text); }},
      {"jitter", [](I& of, Text text) { of.jitter = parse_time(text); }},
      {"jitter-keeps-order", [](I& of, Text text) { of.jitter_keeps_order = parse_answer(text); }},
      {"reorder", [](I& of, Text text) { of.reorder = parse_share(text); }},
      {"reorder-by", [](I& of, Text text) { of.reorder_by = parse_count(text); }},
      {"reorder-time", [](I& of, Text text) { of.reorder_time = parse_time(text); }},
      {"duplicate", [](I& of, Text text) { of.duplicate = parse_share(text); }},
      {"corrupt", [](I& of, Text text) { of.corrupt = parse_share(text); }},
      {"mark", [](I& of, Text text) { of.mark = parse_share(text); }},
      {"rate", [](I& of, Text text) { of.rate = parse_amount(text, 1000); }},
      {"queue", [](I& of, Text text) { of.queue = parse_amount(text, 1024); }},
      {"mtu", [](I& of, Text text) { of.mtu = parse_count(text); }},
      {"mtu-answer", [](I& of, Text text) { of.mtu_answer = parse_answer(text); }},
  };
  return kSetters;
}

void set_one(Impairments& impairments, std::string_view item) {
  const std::size_t equals = item.find('=');
  if (equals == std::string_view::npos) throw unreadable(item, "KEY=VALUE");
  const auto setter = setters().find(item.substr(0, equals));
  if (setter == setters().end()) {
    throw std::invalid_argument("'" + std::string(item) + "': no such impairment");
  }
  try {
    setter->second(impairments, item.substr(equals + 1));
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(std::string(setter->first) + ": " + error.what());
  }
}

}  // namespace

Impairments parse_impairments(std::string_view text) {
  Impairments impairments;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    set_one(impairments, text.substr(0, comma));
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return impairments;
}

}  // namespace sluice::testbed
