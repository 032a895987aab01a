#include "control/config/keys.h"

#include "control/config/key_sections.h"

namespace sluice::control {
namespace {

struct Schema {
  std::shared_ptr<Atlas> atlas = std::make_shared<Atlas>();
  Section<Config> file{atlas, "", "The file."};

  Schema() {
    file.key("sluice", single_table(process_section(atlas)), &Config::process,
             "The process as a whole.")
        .key("admin", table_list(admin_section(atlas)), &Config::admins, "Further admin sockets.")
        .key("ip", single_table(ip_section(atlas)), &Config::ip, "IP.")
        .key("tcp", single_table(tcp_section(atlas)), &Config::tcp, "TCP.")
        .key("management", single_table(management_section(atlas)), &Config::management,
             "The management address.")
        .key("access_log", single_table(access_log_section(atlas)), &Config::access_log,
             "What is logged of requests.")
        .key("interface", table_list(interface_section(atlas)), &Config::interfaces,
             "IP presences.")
        .key("frontend", table_list(frontend_section(atlas)), &Config::frontends,
             "What clients connect to.")
        .key("backend", table_list(backend_section(atlas)), &Config::backends, "Groups of servers.")
        .reloads({"frontend", "backend"});
  }
};

const Schema& schema() {
  static const Schema instance;
  return instance;
}

// What a reload can do with a table's keys.
std::string about_reloads(const SectionDescription& section) {
  std::string changed;
  std::size_t count = 0;
  for (const KeyDescription& key : section.keys) {
    if (!key.reloads) continue;
    changed += (count++ == 0 ? "`" : ", `") + key.name + "`";
  }
  if (count == section.keys.size()) return "A reload takes over every change.";
  if (count == 0) return "A change needs a restart.";
  return "A reload takes over changes of " + changed + "; any other needs a restart.";
}

std::string cell(const std::string& text) {
  return text.empty() ? "any" : text;
}

}  // namespace

const Section<Config>& config_section() {
  return schema().file;
}

const Atlas& all_sections() {
  return *schema().atlas;
}

std::string key_reference() {
  std::string text;
  for (const SectionDescription& section : all_sections()) {
    if (section.title.empty()) continue;
    if (!text.empty()) text += "\n";
    text += "### `" + section.title + "`\n\n" + section.meaning + "\n" + about_reloads(section) +
            "\n\n";
    text += "| key | type | default | values | meaning |\n| --- | --- | --- | --- | --- |\n";
    for (const KeyDescription& key : section.keys) {
      text += "| `" + key.name + "` | " + key.type + " | " + key.fallback + " | " +
              cell(key.range) + " | " + key.meaning + " |\n";
    }
  }
  return text;
}

}  // namespace sluice::control
