#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice::control {

/// One thing in which a configuration differs from another. Values are as an operator writes them.
struct Difference {
  enum class Kind : std::uint8_t { kAdded, kRemoved, kChanged };

  Kind kind = Kind::kChanged;
  std::string table;    ///< "[tcp]", "[[backend]] farm", "[[backend]] farm server web2"
  std::string key;      ///< empty: the table as a whole
  std::string before;   ///< empty: there was none; of a whole table, "key = value, ..." of those
                        ///< that are not the default
  std::string after;    ///< the same
  bool reloads = true;  ///< a running process can take it over; false: it needs a restart
};

using Differences = std::vector<Difference>;

/// Turns what a table differs in from one without any keys into the difference that it is there:
/// its own keys in one entry, then the tables within it. `table` says which one.
Differences as_addition(std::string table, bool reloads, Differences from_nothing);

/// The same differences, seen from the other side.
Differences reversed(Differences differences);

}  // namespace sluice::control
