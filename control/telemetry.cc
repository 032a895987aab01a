#include "control/telemetry.h"

#include <rte_telemetry.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::control {
namespace {

using Value = std::variant<std::uint64_t, std::string>;
using Object = std::vector<std::pair<std::string, Value>>;
// By what is asked for behind the comma: a worker's number, "farm/web1".
using Objects = std::map<std::string, Object, std::less<>>;

struct Figures {
  Object info;
  Object counters;
  Objects workers;
  Objects rows;
};

/// What DPDK's thread reads and the control thread writes. DPDK hands its callbacks nothing, so
/// there is one of it.
struct Exchange {
  std::mutex mutex;
  Figures figures;
};

Exchange& exchange() {
  static Exchange instance;
  return instance;
}

// DPDK takes names and texts that are shorter than this.
std::string shortened(std::string_view text) {
  return std::string(text.substr(0, RTE_TEL_MAX_STRING_LEN - 1));
}

// DPDK allows letters, digits, '_', '/' and, in later versions, few others in names.
std::string as_name(std::string name) {
  std::ranges::replace_if(
      name, [](char c) { return c == '.' || c == '-' || c == ' '; }, '_');
  return shortened(name);
}

int answer_with(const Object& object, rte_tel_data* into) {
  rte_tel_data_start_dict(into);
  std::size_t entries = 0;
  for (const auto& [name, value] : object) {
    if (++entries > RTE_TEL_MAX_DICT_ENTRIES) break;
    if (const auto* number = std::get_if<std::uint64_t>(&value)) {
      rte_tel_data_add_dict_u64(into, name.c_str(), *number);
    } else {
      rte_tel_data_add_dict_string(into, name.c_str(), std::get<std::string>(value).c_str());
    }
  }
  return 0;
}

// One of several, or the list of what there is to ask for.
int answer_with(const Objects& objects, const char* wanted, rte_tel_data* into) {
  if (wanted != nullptr && *wanted != '\0') {
    const auto found = objects.find(std::string_view(wanted));
    return found == objects.end() ? -1 : answer_with(found->second, into);
  }
  rte_tel_data_start_array(into, RTE_TEL_STRING_VAL);
  std::size_t entries = 0;
  for (const auto& [name, object] : objects) {
    if (++entries > RTE_TEL_MAX_ARRAY_ENTRIES) break;
    rte_tel_data_add_array_string(into, shortened(name).c_str());
  }
  return 0;
}

int on_info(const char* /*command*/, const char* /*parameters*/, rte_tel_data* into) {
  const std::lock_guard lock(exchange().mutex);
  return answer_with(exchange().figures.info, into);
}
int on_counters(const char* /*command*/, const char* /*parameters*/, rte_tel_data* into) {
  const std::lock_guard lock(exchange().mutex);
  return answer_with(exchange().figures.counters, into);
}
int on_workers(const char* /*command*/, const char* parameters, rte_tel_data* into) {
  const std::lock_guard lock(exchange().mutex);
  return answer_with(exchange().figures.workers, parameters, into);
}
int on_stat(const char* /*command*/, const char* parameters, rte_tel_data* into) {
  const std::lock_guard lock(exchange().mutex);
  return answer_with(exchange().figures.rows, parameters, into);
}

Value value_of(const nlohmann::ordered_json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  return shortened(value.is_string() ? value.get<std::string>() : value.dump());
}

Objects objects_of(const TextTable& table, const std::string& key) {
  Objects objects;
  for (const auto& row : nlohmann::ordered_json::parse(table.format_json())) {
    Object object;
    for (const auto& [name, value] : row.items()) {
      object.emplace_back(as_name(name), value_of(value));
    }
    const Value name = value_of(row[key]);
    const auto* number = std::get_if<std::uint64_t>(&name);
    objects.emplace(number != nullptr ? std::to_string(*number) : std::get<std::string>(name),
                    std::move(object));
  }
  return objects;
}

Object info_of(const InfoTable& table) {
  Object object;
  const std::string text = table.format_text();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::size_t colon = text.find(": ", at);
    if (colon < end) {
      object.emplace_back(as_name(text.substr(at, colon - at)),
                          shortened(text.substr(colon + 2, end - colon - 2)));
    }
    at = end + 1;
  }
  return object;
}

Object counters_of(Monitor& monitor) {
  Object object;
  for (const auto& row : nlohmann::ordered_json::parse(monitor.counters({}, true).format_json())) {
    object.emplace_back(as_name(row["counter"].get<std::string>()), value_of(row["value"]));
  }
  return object;
}

Objects rows_of(std::span<const StatRow> rows) {
  Objects objects;
  for (const StatRow& row : rows) {
    Object object;
    std::string service;
    for (std::size_t column = 0; column < kStatColumns.size(); ++column) {
      const auto& figure = row.at(column);
      if (!figure) continue;
      const std::string_view name = kStatColumns[column].name;
      if (const auto* number = std::get_if<std::uint64_t>(&*figure)) {
        object.emplace_back(name, *number);
      } else if (const auto* text = std::get_if<std::string>(&*figure)) {
        if (name == "svname") service = *text;
        object.emplace_back(name, shortened(*text));
      }
    }
    objects.emplace(row.proxy() + "/" + service, std::move(object));
  }
  return objects;
}

}  // namespace

Telemetry::Telemetry() {
  const auto add = [](const char* command, telemetry_cb answer, const char* help) {
    if (rte_telemetry_register_cmd(command, answer, help) != 0) {
      throw std::runtime_error(std::string("telemetry: ") + command + " cannot be registered");
    }
  };
  add("/sluice/info", on_info, "What the process does as a whole. Takes no parameters");
  add("/sluice/counters", on_counters, "Every counter that is not 0. Takes no parameters");
  add("/sluice/workers", on_workers, "One worker's figures, or their numbers. Parameters: number");
  add("/sluice/stat", on_stat,
      "Figures of a frontend, backend or server, or their names. Parameters: PROXY/NAME");
}

void Telemetry::update(Monitor& monitor) {
  Figures figures{info_of(monitor.info()), counters_of(monitor),
                  objects_of(monitor.workers(), "worker"), rows_of(monitor.stat_rows())};
  const std::lock_guard lock(exchange().mutex);
  std::swap(exchange().figures, figures);
}

}  // namespace sluice::control
