#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  return [outer, inner](T& whole) -> Inner& { return whole.*outer.*inner; };
}

/// How a table of the file is read into a T, which has a member `Position at`.
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
    description().keys.push_back({std::move(name), std::move(type.name), std::move(type.range),
                                  std::move(fallback), std::move(meaning), false});
    return *this;
  }

  std::shared_ptr<Atlas> atlas_;
  std::size_t index_;
  std::vector<std::function<bool(const Value&, T&, Diagnostics&)>> readers_;
};

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
          [](const T&) { return std::string("none"); }};
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
          [](const std::vector<T>&) { return std::string("none"); }};
}

}  // namespace sluice::control
