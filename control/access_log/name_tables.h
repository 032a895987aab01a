#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/settings.h"

namespace sluice::control {

/// What the ids of some settings stand for. What is gone keeps its name until the id has another
/// owner: sessions outlive what they began under.
struct NameTable {
  using Names = std::vector<std::shared_ptr<const std::string>>;

  std::uint64_t generation = 0;
  std::chrono::steady_clock::time_point since;
  Names frontends;
  Names backends;
  Names servers;
};

/// The tables of all settings that records may still be of. The control thread adds, the access
/// log's thread looks up.
class NameTables {
 public:
  using Shared = std::shared_ptr<const NameTable>;

  /// To be called before the settings are published.
  void add(const http::Settings& settings);
  /// As they are now, by rising generation; one at least after the first add().
  [[nodiscard]] std::vector<Shared> all();

  /// The one that a record of a generation goes by.
  static const NameTable& find(const std::vector<Shared>& tables, std::uint64_t generation);

 private:
  std::mutex mutex_;
  std::vector<Shared> tables_;
};

/// "" for an id that names nothing.
template <typename IdType>
std::string_view name_of(const NameTable::Names& names, IdType id) {
  if (!id.valid() || id.index() >= names.size() || names[id.index()] == nullptr) return {};
  return *names[id.index()];
}

}  // namespace sluice::control
