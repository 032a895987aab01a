#pragma once

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/config/difference.h"
#include "control/config/identity.h"
#include "control/config/value_type.h"
#include "control/config/wording.h"

namespace sluice::control {

/// What a key means to an operator: the one place that the parser, the error messages and the
/// manual take it from.
struct KeyDescription {
  std::string name;  ///< with its parents: "timeout.request"
  std::string type;
  std::string range;
  std::string fallback;  ///< the default; "required" when there is none
  std::string meaning;
  bool required = false;
  bool reloads = false;  ///< a reload can change it in a running process
};

/// A table of the file, such as [[frontend]].
struct SectionDescription {
  std::string title;  ///< as it is written: "[tcp]", "[[frontend]]"
  std::string meaning;
  std::vector<KeyDescription> keys;
};

/// All tables there are, in the order of the manual.
using Atlas = std::vector<SectionDescription>;

/// Finds the keys of section `index` in a table and calls `found` with the position of each in the
/// section's list. Adds an error for what is not a key of it.
void match_keys(const Table& table, const Atlas& atlas, std::size_t index,
                const std::function<void(std::size_t key, const Value& value)>& found,
                Diagnostics& problems);

/// The place of a member of a member, for Section::key().
template <typename T, typename Outer, typename Inner>
auto inside(Outer T::*outer, Inner Outer::*inner) {
  return [ outer, inner ](auto& whole) -> auto& {
    return whole.*outer.*inner;
  };
}

/// How a table of the file is read into a T, which has a member `Position at`, and may have one
/// `given` for the names of the keys that were given.
template <typename T>
class Section {
 public:
  Section(std::shared_ptr<Atlas> atlas, std::string title, std::string meaning)
      : atlas_(std::move(atlas)), index_(atlas_->size()) {
    atlas_->push_back({std::move(title), std::move(meaning), {}});
  }

  /// Adds a key that may be left out. `place` is the member of T it is read into, or a function
  /// that gives a reference to its place; what a T begins with is the default.
  template <typename V, typename Place>
  Section& key(std::string name, ValueType<V> type, Place place, std::string meaning) {
    T initial{};
    std::string fallback = type.format(std::invoke(place, initial));
    return add(std::move(name), std::move(type), place, std::move(fallback), std::move(meaning));
  }

  /// Adds a key that must be given.
  template <typename V, typename Place>
  Section& required(std::string name, ValueType<V> type, Place place, std::string meaning) {
    add(std::move(name), std::move(type), place, "required", std::move(meaning));
    description().keys.back().required = true;
    return *this;
  }

  /// Says that a reload can change all keys that were added so far. Without this a change of a key
  /// needs a restart.
  Section& reloads() {
    for (KeyDescription& key : description().keys) key.reloads = true;
    return *this;
  }
  /// The same of these keys alone.
  Section& reloads(std::initializer_list<std::string_view> names) {
    for (KeyDescription& key : description().keys) {
      if (std::find(names.begin(), names.end(), key.name) != names.end()) key.reloads = true;
    }
    return *this;
  }

  /// Reads a table, with an error for each fault. False when a key has one, or is missing.
  bool read(const Value& value, T& into, Diagnostics& problems) const {
    if constexpr (requires { into.at; }) into.at = value.at;
    if (value.table() == nullptr) {
      problems.error(value.at,
                     description().title + " must be a table, not " + std::string(value.kind()));
      return false;
    }
    bool good = true;
    std::vector<bool> seen(readers_.size());
    match_keys(
        *value.table(), *atlas_, index_,
        [&](std::size_t key, const Value& given) {
          seen[key] = true;
          if constexpr (requires { into.given; }) {
            into.given.push_back({description().keys[key].name, given.at});
          }
          good = readers_[key](given, into, problems) && good;
        },
        problems);
    for (std::size_t key = 0; key < seen.size(); ++key) {
      const KeyDescription& wanted = description().keys[key];
      if (seen[key] || !wanted.required) continue;
      problems.error(value.at, "this " + description().title + " needs '" + wanted.name + "'");
      good = false;
    }
    return good;
  }

  /// Adds what two tables differ in; `table` says which one they are.
  void compare(const T& before, const T& after, const std::string& table, Differences& into) const {
    for (std::size_t key = 0; key < comparers_.size(); ++key) {
      comparers_[key](before, after, table, description().keys[key], into);
    }
  }

  [[nodiscard]] const SectionDescription& description() const { return (*atlas_)[index_]; }

 private:
  [[nodiscard]] SectionDescription& description() { return (*atlas_)[index_]; }

  template <typename V, typename Place>
  Section& add(std::string name, ValueType<V> type, Place place, std::string fallback,
               std::string meaning) {
    readers_.push_back(
        [name, read = type.read, place](const Value& value, T& into, Diagnostics& problems) {
          return read(name, value, std::invoke(place, into), problems);
        });
    comparers_.push_back([type, place](const T& before, const T& after, const std::string& table,
                                       const KeyDescription& key, Differences& into) {
      if (type.compare) {
        type.compare(std::invoke(place, before), std::invoke(place, after), table, key.name,
                     key.reloads, into);
        return;
      }
      std::string old_text = type.text_of(std::invoke(place, before));
      std::string new_text = type.text_of(std::invoke(place, after));
      if (old_text == new_text) return;
      into.push_back({Difference::Kind::kChanged, table, key.name, std::move(old_text),
                      std::move(new_text), key.reloads});
    });
    description().keys.push_back({std::move(name), std::move(type.name), std::move(type.range),
                                  std::move(fallback), std::move(meaning), false, false});
    return *this;
  }

  std::shared_ptr<Atlas> atlas_;
  std::size_t index_;
  std::vector<std::function<bool(const Value&, T&, Diagnostics&)>> readers_;
  std::vector<std::function<void(const T& before, const T& after, const std::string& table,
                                 const KeyDescription& key, Differences& into)>>
      comparers_;
};

/// ValueType::compare of a list of tables, which are known by their identity_of().
template <typename T>
auto compare_lists(const Section<T>& section) {
  return
      [section](const std::vector<T>& before, const std::vector<T>& after,
                const std::string& parent, std::string_view key, bool reloads, Differences& into) {
        const auto table_of = [&](const std::string& identity) {
          return (parent.empty() ? section.description().title : parent + ' ' + std::string(key)) +
                 ' ' + identity;
        };
        const auto addition_of = [&](const T& item, const std::string& identity) {
          Differences from_nothing;
          section.compare(T{}, item, table_of(identity), from_nothing);
          return as_addition(table_of(identity), reloads, std::move(from_nothing));
        };
        std::map<std::string, const T*> former;
        for (const T& item : before) former.emplace(identity_of(item), &item);
        Differences added;
        for (const T& item : after) {
          const std::string identity = identity_of(item);
          if (const auto found = former.find(identity); found != former.end()) {
            section.compare(*found->second, item, table_of(identity), into);
            former.erase(found);
          } else {
            std::ranges::move(addition_of(item, identity), std::back_inserter(added));
          }
        }
        for (const auto& [identity, item] : former) {
          std::ranges::move(reversed(addition_of(*item, identity)), std::back_inserter(into));
        }
        std::ranges::move(added, std::back_inserter(into));
      };
}

/// The type of a key that is a table of its own: "[tcp]".
template <typename T>
ValueType<T> single_table(const Section<T>& section) {
  return {"table",
          {},
          [section](std::string_view key, const Value& value, T& into, Diagnostics& problems) {
            if (value.array() != nullptr) {
              problems.error(value.at, "there is only one " + section.description().title +
                                           ": write '" + std::string(key) + "' in single brackets");
              return false;
            }
            return section.read(value, into, problems);
          },
          [](const T&) { return std::string("none"); },
          nullptr,
          [section](const T& before, const T& after, const std::string& /*parent*/,
                    std::string_view /*key*/, bool /*reloads*/, Differences& into) {
            section.compare(before, after, section.description().title, into);
          }};
}

/// The type of a key that is a list of tables: "[[frontend]]". A faulty table is kept as far as it
/// was read, so that references to its name still find it.
template <typename T>
ValueType<std::vector<T>> table_list(const Section<T>& section) {
  return {"list of tables",
          {},
          [section](std::string_view key, const Value& value, std::vector<T>& into,
                    Diagnostics& problems) {
            if (value.array() == nullptr) {
              problems.error(value.at, in_quotes(key).append(" must be a list of tables: write ") +
                                           section.description().title);
              return false;
            }
            bool good = true;
            for (const Value& element : *value.array()) {
              T item{};
              good = section.read(element, item, problems) && good;
              into.push_back(std::move(item));
            }
            return good;
          },
          [](const std::vector<T>&) { return std::string("none"); },
          nullptr,
          compare_lists(section)};
}

}  // namespace sluice::control
