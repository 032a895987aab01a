#include "control/config/section.h"

#include <algorithm>

#include "control/config/suggestion.h"

namespace sluice::control {
namespace {

class Matcher {
 public:
  Matcher(const Atlas& atlas, std::size_t index,
          const std::function<void(std::size_t, const Value&)>& found, Diagnostics& problems)
      : atlas_(atlas), section_(atlas[index]), found_(found), problems_(problems) {}

  void match(const Table& table, const std::string& parent) {
    for (const Entry& entry : table.entries) {
      const std::string name = parent + entry.key;
      // A quoted key with a dot in it is one word to TOML, and none that we know.
      const bool plain = entry.key.find('.') == std::string::npos;
      if (const auto key = plain ? index_of(name) : section_.keys.size();
          key < section_.keys.size()) {
        found_(key, entry.value);
      } else if (plain && is_parent(name)) {
        match_children(name, entry);
      } else {
        problems_.error(entry.key_at, unknown(name, entry.key));
      }
    }
  }

 private:
  [[nodiscard]] std::size_t index_of(const std::string& name) const {
    const auto& keys = section_.keys;
    const auto at = std::find_if(keys.begin(), keys.end(),
                                 [&](const KeyDescription& key) { return key.name == name; });
    return static_cast<std::size_t>(at - keys.begin());
  }

  [[nodiscard]] bool is_parent(const std::string& name) const {
    return std::any_of(section_.keys.begin(), section_.keys.end(),
                       [&](const KeyDescription& key) { return key.name.starts_with(name + "."); });
  }

  void match_children(const std::string& name, const Entry& entry) {
    if (entry.value.table() != nullptr) {
      match(*entry.value.table(), name + ".");
      return;
    }
    std::string children;
    for (const KeyDescription& key : section_.keys) {
      if (!key.name.starts_with(name + ".")) continue;
      children += (children.empty() ? "'" : ", '") + key.name + "'";
    }
    problems_.error(entry.value.at, "'" + name + "' is not " + std::string(entry.value.kind()) +
                                        " but a group of keys: " + children);
  }

  [[nodiscard]] std::vector<std::string> candidates() const {
    std::vector<std::string> names;
    for (const KeyDescription& key : section_.keys) {
      names.push_back(key.name);
      for (std::size_t dot = key.name.find('.'); dot != std::string::npos;
           dot = key.name.find('.', dot + 1)) {
        names.push_back(key.name.substr(0, dot));
      }
    }
    return names;
  }

  [[nodiscard]] std::string unknown(const std::string& name, const std::string& leaf) const {
    std::string message = "unknown key '" + name + "'";
    if (!section_.title.empty()) message += " in " + section_.title;
    if (leaf.find('.') != std::string::npos) return message + "; write it without quotes";
    std::string hint = did_you_mean(name, candidates());
    if (hint.empty()) hint = did_you_mean(leaf, candidates());
    return message + (hint.empty() ? elsewhere(name) : hint);
  }

  // TOML puts a key that follows a table's header into that table, which surprises people.
  [[nodiscard]] std::string elsewhere(const std::string& name) const {
    for (const SectionDescription& other : atlas_) {
      for (const KeyDescription& key : other.keys) {
        if (key.name == name && !other.title.empty()) return "; it belongs in " + other.title;
      }
    }
    return {};
  }

  const Atlas& atlas_;
  const SectionDescription& section_;
  const std::function<void(std::size_t, const Value&)>& found_;
  Diagnostics& problems_;
};

}  // namespace

void match_keys(const Table& table, const Atlas& atlas, std::size_t index,
                const std::function<void(std::size_t key, const Value& value)>& found,
                Diagnostics& problems) {
  Matcher(atlas, index, found, problems).match(table, {});
}

}  // namespace sluice::control
