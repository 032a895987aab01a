#include "control/reload/run_time_changes.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace sluice::control {
namespace {

template <typename T>
const T* find(const std::vector<T>& list, const std::string& name) {
  const auto found =
      std::ranges::find_if(list, [&](const T& element) { return element.name.value == name; });
  return found == list.end() ? nullptr : &*found;
}

template <typename T>
const T& plain(const T& value) {
  return value;
}
template <typename T>
const T& plain(const Located<T>& located) {
  return located.value;
}

// One key: what runs, unless the file has changed it.
template <typename T, typename Member>
void carry(const T& former, const T& runs, T& file, Member T::*member) {
  if (plain(former.*member) == plain(file.*member)) file.*member = runs.*member;
}

void carry_over(const ServerConfig& former, const ServerConfig& runs, ServerConfig& file) {
  carry(former, runs, file, &ServerConfig::address);
  carry(former, runs, file, &ServerConfig::weight);
  carry(former, runs, file, &ServerConfig::mode);
  carry(former, runs, file, &ServerConfig::connection_limit);
}

void carry_over(const FrontendConfig& former, const FrontendConfig& runs, FrontendConfig& file) {
  carry(former, runs, file, &FrontendConfig::enabled);
  carry(former, runs, file, &FrontendConfig::connection_limit);
}

bool has_address(const BackendConfig& backend, const wire::Endpoint& address) {
  return std::ranges::any_of(
      backend.servers, [&](const ServerConfig& server) { return server.address.value == address; });
}

void carry_over(const BackendConfig& former, const BackendConfig& runs, BackendConfig& file) {
  std::erase_if(file.servers, [&](const ServerConfig& server) {
    const std::string& name = server.name.value;
    return find(former.servers, name) != nullptr && find(runs.servers, name) == nullptr;
  });
  for (ServerConfig& server : file.servers) {
    const ServerConfig* before = find(former.servers, server.name.value);
    const ServerConfig* now = find(runs.servers, server.name.value);
    if (before != nullptr && now != nullptr) carry_over(*before, *now, server);
  }
  for (const ServerConfig& server : runs.servers) {
    const std::string& name = server.name.value;
    const bool added = find(former.servers, name) == nullptr;
    if (!added || find(file.servers, name) != nullptr) continue;
    if (!has_address(file, server.address.value)) file.servers.push_back(server);
  }
}

template <typename T>
void carry_all_over(const std::vector<T>& former, const std::vector<T>& runs,
                    std::vector<T>& file) {
  for (T& element : file) {
    const T* before = find(former, element.name.value);
    const T* now = find(runs, element.name.value);
    if (before != nullptr && now != nullptr) carry_over(*before, *now, element);
  }
}

}  // namespace

Config with_run_time_changes(const Config& former, const Config& runs, Config file) {
  carry_all_over(former.frontends, runs.frontends, file.frontends);
  carry_all_over(former.backends, runs.backends, file.backends);
  return file;
}

}  // namespace sluice::control
