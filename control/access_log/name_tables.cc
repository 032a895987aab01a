#include "control/access_log/name_tables.h"

namespace sluice::control {
namespace {

// Workers adopt settings within a loop, and rings are emptied many times a second.
constexpr auto kKeptFor = std::chrono::seconds(30);

template <typename IdType>
void put(NameTable::Names& names, IdType id, const std::string& name) {
  if (names.size() <= id.index()) names.resize(id.index() + 1);
  auto& place = names[id.index()];
  if (place == nullptr || *place != name) place = std::make_shared<const std::string>(name);
}

}  // namespace

void NameTables::add(const http::Settings& settings) {
  const std::lock_guard lock(mutex_);
  auto made = tables_.empty() ? std::make_shared<NameTable>()
                              : std::make_shared<NameTable>(*tables_.back());
  const auto now = std::chrono::steady_clock::now();
  made->generation = settings.generation;
  made->since = now;
  for (const auto& frontend : settings.frontends) {
    if (frontend) put(made->frontends, frontend->id, frontend->name);
  }
  for (const auto& backend : settings.backends) {
    if (!backend) continue;
    put(made->backends, backend->id, backend->name);
    for (const http::Server& server : backend->servers) put(made->servers, server.id, server.name);
  }
  tables_.push_back(std::move(made));
  // A table has been out of use since the one behind it was added.
  while (tables_.size() > 1 && now - tables_[1]->since > kKeptFor) tables_.erase(tables_.begin());
}

std::vector<NameTables::Shared> NameTables::all() {
  const std::lock_guard lock(mutex_);
  return tables_;
}

const NameTable& NameTables::find(const std::vector<Shared>& tables, std::uint64_t generation) {
  for (auto table = tables.rbegin(); table != tables.rend(); ++table) {
    if ((*table)->generation <= generation) return **table;
  }
  return *tables.front();
}

}  // namespace sluice::control
