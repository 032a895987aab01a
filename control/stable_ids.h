#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::control {

/// Ids by name that stay the same whatever comes and goes: counters, connections and pools that
/// workers keep by id survive a new configuration. A name that is gone keeps its id, too, until
/// more than kGoneNames names are: then the id of the one that left first is given to a new name.
/// So there are never more ids than names at once, kGoneNames, and names that left and are still in
/// use.
template <typename Id>
class StableIds {
 public:
  static constexpr std::size_t kGoneNames = 1024;

  /// Whether nobody knows an id any more that its name has left.
  using Reusable = std::function<bool(Id)>;

  /// `most`: ids there may be.
  explicit StableIds(std::size_t most, std::size_t gone_names = kGoneNames)
      : most_(most), gone_names_(gone_names) {}

  void set_reusable(Reusable reusable) { reusable_ = std::move(reusable); }

  /// Throws std::runtime_error when there are too many.
  Id of(const std::string& name) {
    auto found = entries_.find(name);
    if (found == entries_.end()) found = entries_.emplace(name, Entry{new_id()}).first;
    Entry& entry = found->second;
    entry.round = round_;
    if (entry.left != kHere) {
      gone_.erase(entry.left);
      entry.left = kHere;
    }
    return entry.id;
  }

  /// A configuration is complete: names that of() was not asked for since the one before are gone.
  void end_round() {
    for (auto& [name, entry] : entries_) {
      if (entry.round == round_ || entry.left != kHere) continue;
      entry.left = ++departures_;
      gone_.emplace(entry.left, name);
    }
    ++round_;
  }

  /// Ids that have another name than they had, since the last call.
  std::vector<Id> take_renamed() { return std::exchange(renamed_, {}); }

  /// One more than the largest id.
  [[nodiscard]] std::size_t size() const { return next_; }

 private:
  static constexpr std::uint64_t kHere = 0;

  struct Entry {
    Id id;
    std::uint64_t round = 0;     // when it was last asked for
    std::uint64_t left = kHere;  // when its name left, in departures
  };

  Id new_id() {
    if (gone_.size() > gone_names_ || next_ == most_) {
      for (auto oldest = gone_.begin(); oldest != gone_.end(); ++oldest) {
        const auto entry = entries_.find(oldest->second);
        const Id id = entry->second.id;
        if (reusable_ && !reusable_(id)) continue;
        entries_.erase(entry);
        gone_.erase(oldest);
        renamed_.push_back(id);
        return id;
      }
    }
    if (next_ == most_) {
      throw std::runtime_error("there are " + std::to_string(most_) +
                               " names already, and none that has left is out of use");
    }
    return Id(static_cast<typename Id::rep>(next_++));
  }

  std::size_t most_;
  std::size_t gone_names_;
  Reusable reusable_;
  std::unordered_map<std::string, Entry> entries_;
  std::map<std::uint64_t, std::string> gone_;  // by when they left
  std::vector<Id> renamed_;
  std::uint64_t round_ = 1;
  std::uint64_t departures_ = 0;
  std::size_t next_ = 0;
};

}  // namespace sluice::control
