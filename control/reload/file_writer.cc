#include "control/reload/file_writer.h"

#include <toml++/toml.h>

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

#include "control/config/key_sections.h"
#include "control/config/keys.h"
#include "control/config/load.h"
#include "control/reload/text_edits.h"

namespace sluice::control {
namespace {

template <typename T>
const T* find(const std::vector<T>& list, const std::string& name) {
  const auto found =
      std::ranges::find_if(list, [&](const T& element) { return element.name.value == name; });
  return found == list.end() ? nullptr : &*found;
}

const Section<ServerConfig>& server_keys() {
  static const Section<ServerConfig> section = server_section(std::make_shared<Atlas>());
  return section;
}

const Section<FrontendConfig>& frontend_keys() {
  static const Section<FrontendConfig> section = frontend_section(std::make_shared<Atlas>());
  return section;
}

template <typename T>
Differences differences_of(const Section<T>& section, const T& before, const T& after) {
  Differences differences;
  section.compare(before, after, {}, differences);
  return differences;
}

// A name that the file may have; others are taken from the address.
bool can_be_written(const std::string& name) {
  return name.find_first_of("[]") == std::string::npos;
}

// The keys of a server that a table has to have, besides those that are its defaults.
std::vector<std::string> lines_of(const ServerConfig& server) {
  std::vector<std::string> lines;
  const std::string& name = server.name.value;
  if (name != server.address.value.to_string() && can_be_written(name)) {
    lines.push_back("name = \"" + name + "\"");
  }
  for (const Difference& each : differences_of(server_keys(), ServerConfig{}, server)) {
    if (each.key != "name") lines.push_back(each.key + " = " + each.after);
  }
  return lines;
}

std::string inline_form(const ServerConfig& server) {
  const std::vector<std::string> lines = lines_of(server);
  if (lines.size() == 1) return "\"" + server.address.value.to_string() + "\"";
  std::string text = "{ ";
  for (const std::string& line : lines) text += (text.size() == 2 ? "" : ", ") + line;
  return text + " }";
}

std::string table_form(const ServerConfig& server) {
  std::string text = "[[backend.server]]\n";
  for (const std::string& line : lines_of(server)) text += line + "\n";
  return text;
}

class Writer {
 public:
  explicit Writer(std::string_view text) : root_(toml::parse(text)), edits_(text) {}

  void write(const Config& file, const Config& runs) {
    each_table("frontend", [&](const toml::table& table, const std::string& name) {
      const FrontendConfig* before = find(file.frontends, name);
      const FrontendConfig* now = find(runs.frontends, name);
      if (before == nullptr || now == nullptr) return;
      set_all(table, "name", differences_of(frontend_keys(), *before, *now));
    });
    each_table("backend", [&](const toml::table& table, const std::string& name) {
      const BackendConfig* before = find(file.backends, name);
      const BackendConfig* now = find(runs.backends, name);
      if (before != nullptr && now != nullptr) write_servers(table, *before, *now);
    });
  }

  [[nodiscard]] std::string apply() const { return edits_.apply(); }

 private:
  using Node = toml::node;

  template <typename Work>
  void each_table(std::string_view key, Work&& work) {
    const toml::array* list = root_[key].as_array();
    if (list == nullptr) return;
    for (const Node& element : *list) {
      const toml::table* table = element.as_table();
      if (table == nullptr) continue;
      work(*table, (*table)["name"].value_or(std::string()));
    }
  }

  [[nodiscard]] std::size_t offset(const toml::source_position& at) const {
    return edits_.offset_of({at.line, at.column});
  }
  [[nodiscard]] std::size_t begin(const Node& node) const { return offset(node.source().begin); }
  [[nodiscard]] std::size_t end(const Node& node) const { return offset(node.source().end); }
  [[nodiscard]] char first_character(const Node& node) const { return edits_.text()[begin(node)]; }

  // Where the last of all that is in a node ends.
  [[nodiscard]] std::size_t extent(const Node& node) const {
    std::size_t last = end(node);
    const auto look = [&](const Node& inner) { last = std::max(last, extent(inner)); };
    if (const toml::table* table = node.as_table()) {
      for (const auto& [key, inner] : *table) look(inner);
    } else if (const toml::array* array = node.as_array()) {
      for (const Node& inner : *array) look(inner);
    }
    return last;
  }

  void set_all(const toml::table& table, std::string_view anchor, const Differences& keys) {
    for (const Difference& each : keys) set(table, anchor, each.key, each.after);
  }

  // `anchor` is a key that the table has: what is new is put behind it.
  void set(const toml::table& table, std::string_view anchor, const std::string& key,
           const std::string& value) {
    if (const Node* present = table.at_path(key).node()) {
      edits_.replace(begin(*present), end(*present), value);
      return;
    }
    const std::size_t dot = key.find('.');
    const Node* parent = dot == std::string::npos ? nullptr : table.get(key.substr(0, dot));
    if (parent != nullptr && parent->is_table() && first_character(*parent) == '{') {
      add_inside(*parent->as_table(), key.substr(dot + 1) + " = " + value);
    } else if (parent != nullptr && first_character(*parent) == '[') {
      add_line(end(*parent), key.substr(dot + 1) + " = " + value);
    } else {
      add_behind(table, *table.get(anchor), key + " = " + value);
    }
  }

  void add_behind(const toml::table& table, const Node& anchor, const std::string& entry) {
    if (first_character(table) == '{') {
      edits_.insert(end(anchor), ", " + entry);
    } else {
      add_line(end(anchor), entry);
    }
  }

  // To a table in braces that may be empty.
  void add_inside(const toml::table& table, const std::string& entry) {
    if (table.empty()) {
      edits_.insert(begin(table) + 1, " " + entry + " ");
      return;
    }
    const Node* any = &table.begin()->second;
    edits_.insert(end(*any), ", " + entry);
  }

  // Below the line of `offset`, as far to the right.
  void add_line(std::size_t offset, const std::string& entry) {
    edits_.insert(edits_.line_end(offset), "\n" + indentation(offset) + entry);
  }

  [[nodiscard]] std::string indentation(std::size_t offset) const {
    const std::string_view line = edits_.text().substr(edits_.line_start(offset));
    return std::string(line.substr(0, line.find_first_not_of(" \t")));
  }

  void write_servers(const toml::table& backend, const BackendConfig& file,
                     const BackendConfig& runs) {
    const Node* node = backend.get("server");
    const toml::array* list = node->as_array();
    const bool tables = first_character(*node) == '[' && list != nullptr && !list->empty() &&
                        list->front().is_table() && first_character(list->front()) == '[';
    std::vector<const Node*> nodes;
    if (list == nullptr) {
      nodes.push_back(node);
    } else {
      for (const Node& element : *list) nodes.push_back(&element);
    }
    // The file's servers are in the order of its nodes.
    std::vector<bool> gone(nodes.size());
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const ServerConfig* now = find(runs.servers, file.servers[i].name.value);
      gone[i] = now == nullptr;
      if (now != nullptr) write_server(*nodes[i], file.servers[i], *now);
    }
    std::vector<const ServerConfig*> added;
    for (const ServerConfig& server : runs.servers) {
      if (find(file.servers, server.name.value) == nullptr) added.push_back(&server);
    }
    if (tables) {
      remove_tables(nodes, gone);
      add_tables(nodes, added);
    } else if (list == nullptr) {
      write_single(*node, gone.front(), added);
    } else {
      remove_elements(nodes, gone);
      add_elements(*list, nodes, gone, added);
    }
  }

  void write_server(const Node& node, const ServerConfig& before, const ServerConfig& now) {
    const Differences changes = differences_of(server_keys(), before, now);
    if (changes.empty()) return;
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      edits_.replace(begin(node), end(node), inline_form(now));
      return;
    }
    const bool moved =
        std::ranges::any_of(changes, [](const Difference& each) { return each.key == "address"; });
    if (moved && !table->contains("name") && can_be_written(now.name.value)) {
      add_behind(*table, *table->get("address"), "name = \"" + now.name.value + "\"");
    }
    set_all(*table, "address", changes);
  }

  // `server = "198.18.1.11:80"`, which becomes a list.
  void write_single(const Node& node, bool gone, const std::vector<const ServerConfig*>& added) {
    if (!gone && added.empty()) return;
    std::string text =
        gone ? "" : std::string(edits_.text().substr(begin(node), end(node) - begin(node)));
    for (const ServerConfig* server : added) {
      text += (text.empty() ? "" : ", ") + inline_form(*server);
    }
    edits_.replace(begin(node), end(node), "[" + text + "]");
  }

  // With the empty lines behind it.
  void remove_tables(const std::vector<const Node*>& nodes, const std::vector<bool>& gone) {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      if (!gone[i]) continue;
      std::size_t stop = next_line(extent(*nodes[i]));
      while (stop < edits_.text().size() && edits_.text()[stop] == '\n') ++stop;
      edits_.replace(edits_.line_start(begin(*nodes[i])), stop, {});
    }
  }

  [[nodiscard]] std::size_t next_line(std::size_t offset) const {
    return std::min(edits_.line_end(offset) + 1, edits_.text().size());
  }

  void add_tables(const std::vector<const Node*>& nodes,
                  const std::vector<const ServerConfig*>& added) {
    std::string text;
    for (const ServerConfig* server : added) text += "\n" + table_form(*server);
    if (text.empty()) return;
    const std::size_t place = edits_.line_end(extent(*nodes.back()));
    text.pop_back();
    edits_.insert(place, "\n" + text);
  }

  // Each run of neighbours that go at once.
  void remove_elements(const std::vector<const Node*>& nodes, const std::vector<bool>& gone) {
    for (std::size_t first = 0; first < nodes.size(); ++first) {
      if (!gone[first]) continue;
      std::size_t behind = first + 1;
      while (behind < nodes.size() && gone[behind]) ++behind;
      remove_run(nodes, first, behind);
      first = behind;
    }
  }

  void remove_run(const std::vector<const Node*>& nodes, std::size_t first, std::size_t behind) {
    const std::size_t begins = begin(*nodes[first]);
    const std::size_t ends = end(*nodes[behind - 1]);
    if (alone_on_lines(nodes, first, behind)) {
      edits_.replace(edits_.line_start(begins), next_line(ends), {});
    } else if (behind < nodes.size()) {
      edits_.replace(begins, begin(*nodes[behind]), {});
    } else {
      edits_.replace(first == 0 ? begins : end(*nodes[first - 1]), ends, {});
    }
  }

  // Whether whole lines can go: nothing else of the list is on them, and the list ends elsewhere.
  [[nodiscard]] bool alone_on_lines(const std::vector<const Node*>& nodes, std::size_t first,
                                    std::size_t behind) const {
    const std::size_t start = edits_.line_start(begin(*nodes[first]));
    const std::size_t ends = end(*nodes[behind - 1]);
    const std::string_view before = edits_.text().substr(start, begin(*nodes[first]) - start);
    std::string_view rest = edits_.text().substr(ends, edits_.line_end(ends) - ends);
    rest = rest.substr(std::min(rest.find_first_not_of(" \t,\r"), rest.size()));
    return before.find_first_not_of(" \t") == std::string_view::npos &&
           (rest.empty() || rest.front() == '#');
  }

  // Behind the last one that stays, on lines of their own if that is on one.
  void add_elements(const toml::array& list, const std::vector<const Node*>& nodes,
                    const std::vector<bool>& gone, const std::vector<const ServerConfig*>& added) {
    const auto last = std::find(gone.rbegin(), gone.rend(), false);
    std::string text;
    if (last == gone.rend()) {
      for (const ServerConfig* server : added) {
        text += (text.empty() ? "" : ", ") + inline_form(*server);
      }
      edits_.insert(begin(list) + 1, text + (text.empty() ? "" : ", "));
      return;
    }
    const Node& anchor = *nodes[static_cast<std::size_t>(gone.rend() - last) - 1];
    const std::size_t start = edits_.line_start(begin(anchor));
    const std::string indent = indentation(begin(anchor));
    const bool own_line = start + indent.size() == begin(anchor);
    for (const ServerConfig* server : added) {
      text += (own_line ? ",\n" + indent : ", ") + inline_form(*server);
    }
    if (!text.empty()) edits_.insert(end(anchor), text);
  }

  toml::table root_;
  TextEdits edits_;
};

}  // namespace

std::string with_changes_written(std::string_view text, const Config& file, const Config& runs) {
  Writer writer(text);
  writer.write(file, runs);
  std::string result = writer.apply();
  Diagnostics problems;
  const auto read = read_config(result, problems);
  Differences left;
  if (read) config_section().compare(*read, runs, "", left);
  if (!read || !problems.ok() || !left.empty()) {
    throw std::runtime_error("the changes cannot be written into this file as it is formed:\n" +
                             problems.format("what was written"));
  }
  return result;
}

}  // namespace sluice::control
