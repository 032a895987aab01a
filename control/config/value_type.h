#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/config/diagnostics.h"
#include "control/config/difference.h"
#include "control/config/document.h"
#include "dataplane/base/time.h"
#include "dataplane/wire/ip_address.h"

namespace sluice::control {

/// How values of one kind are written in a configuration file.
template <typename T>
struct ValueType {
  /// Reads a value into a key's place. False when it is not of this type, with errors added that
  /// begin with the key's name.
  using Read =
      std::function<bool(std::string_view key, const Value& value, T& into, Diagnostics& problems)>;
  /// A value as an operator would write it; for the list of defaults.
  using Format = std::function<std::string(const T&)>;
  /// Adds what two values of a key that is a table, or a list of them, differ in. `parent` is the
  /// table that the key stands in ("" is the file), `reloads` whether whole tables may come and go.
  using Compare = std::function<void(const T& before, const T& after, const std::string& parent,
                                     std::string_view key, bool reloads, Differences& into)>;

  std::string name;   ///< "duration"
  std::string range;  ///< "1ms to 1h"; empty when every value of the type will do
  Read read;
  Format format;
  Format show = nullptr;      ///< where `format` tells of a default in words: any value
  Compare compare = nullptr;  ///< of tables alone

  /// Any value, as an operator would write it.
  [[nodiscard]] std::string text_of(const T& value) const {
    return show ? show(value) : format(value);
  }
};

/// Adds "'key' must be WHAT, not KIND".
void wrong_type(std::string_view key, const Value& value, std::string_view what,
                Diagnostics& problems);
/// Adds "'key' must be WHAT, not 'TEXT'".
void wrong_text(std::string_view key, const Value& value, std::string_view what,
                Diagnostics& problems);

ValueType<bool> boolean();
/// An integer; `unset` names the value 0 in the list of defaults, where 0 stands for "not given".
ValueType<std::uint32_t> integer(std::uint32_t least, std::uint32_t most,
                                 const std::string& unset = {});
ValueType<Duration> duration(Duration least, Duration most);
/// A number of bytes. `unlimited`: 0B is allowed too and means no limit.
ValueType<std::uint64_t> size(std::uint64_t least, std::uint64_t most, bool unlimited = false);
/// Text that is not empty; `what` names it in the list of keys.
ValueType<std::string> text(std::string what);
/// A name that can stand in an admin command and in a CSV: letters, digits, '.', '_', ':' and '-'.
ValueType<std::string> name();
/// A file's permissions: "0660".
ValueType<std::uint32_t> file_mode();
ValueType<wire::IpAddress> ip_address();
/// "192.0.2.10/24"
ValueType<wire::Prefix> prefix();
/// "192.0.2.0/24" without bits behind the length, or one address.
ValueType<wire::Prefix> network();
/// "192.0.2.10:443" or "[2001:db8::1]:443"; the port is not 0.
ValueType<wire::Endpoint> endpoint();

/// One of several words.
template <typename T>
ValueType<T> choice(std::vector<std::pair<std::string, T>> choices);

/// A value of a wider integer type kept in a narrower one; `inner` bounds it.
template <typename Narrow, typename Wide>
ValueType<Narrow> narrowed(ValueType<Wide> inner) {
  return {inner.name, inner.range,
          [inner](std::string_view key, const Value& value, Narrow& into, Diagnostics& problems) {
            Wide wide{};
            if (!inner.read(key, value, wide, problems)) return false;
            into = static_cast<Narrow>(wide);
            return true;
          },
          [inner](const Narrow& narrow) { return inner.format(static_cast<Wide>(narrow)); }};
}

/// A value with its place, for checks that look at several values.
template <typename T>
ValueType<Located<T>> located(ValueType<T> inner) {
  return {
      inner.name, inner.range,
      [inner](std::string_view key, const Value& value, Located<T>& into, Diagnostics& problems) {
        into.at = value.at;
        return inner.read(key, value, into.value, problems);
      },
      [inner](const Located<T>& place) { return inner.format(place.value); },
      [inner](const Located<T>& place) { return inner.text_of(place.value); }};
}

/// A list of values, or a single one.
template <typename T>
ValueType<std::vector<Located<T>>> list(ValueType<T> inner) {
  const auto one = located(std::move(inner));
  return {one.name + " or list", one.range,
          [one](std::string_view key, const Value& value, std::vector<Located<T>>& into,
                Diagnostics& problems) {
            const auto* array = value.array();
            bool good = true;
            auto add = [&](const Value& element) {
              Located<T> place;
              if (one.read(key, element, place, problems)) {
                into.push_back(std::move(place));
              } else {
                good = false;
              }
            };
            if (array == nullptr) {
              add(value);
            } else {
              for (const Value& element : *array) add(element);
            }
            return good;
          },
          [](const std::vector<Located<T>>&) { return std::string("none"); },
          [one](const std::vector<Located<T>>& places) {
            if (places.empty()) return std::string("none");
            std::string text;
            for (const auto& place : places) {
              text += (text.empty() ? "" : ", ") + one.text_of(place);
            }
            return places.size() == 1 ? text : '[' + text + ']';
          }};
}

/// "'a', 'b' or 'c'"
std::string any_of(const std::vector<std::string>& words);
/// Adds "'key' must be 'a' or 'b', not …; did you mean 'a'?".
void wrong_choice(std::string_view key, const Value& value, const std::vector<std::string>& words,
                  Diagnostics& problems);

template <typename T>
ValueType<T> choice(std::vector<std::pair<std::string, T>> choices) {
  std::vector<std::string> words;
  words.reserve(choices.size());
  for (const auto& [word, meaning] : choices) words.push_back(word);
  return {
      "string", any_of(words),
      [choices, words](std::string_view key, const Value& value, T& into, Diagnostics& problems) {
        for (const auto& [word, meaning] : choices) {
          if (value.text() != nullptr && *value.text() == word) {
            into = meaning;
            return true;
          }
        }
        wrong_choice(key, value, words, problems);
        return false;
      },
      [choices](const T& value) {
        for (const auto& [word, meaning] : choices) {
          if (meaning == value) return '"' + word + '"';
        }
        return std::string();
      }};
}

}  // namespace sluice::control
