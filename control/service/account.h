#pragma once

#include <sys/types.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace sluice::control {

/// A user of this machine, as whom a process may run.
struct Account {
  std::string name;
  uid_t user = 0;
  gid_t group = 0;
  std::vector<gid_t> groups;  ///< all of them
};

/// A user with the groups that the machine gives it, or with another first group than its own.
/// Throws std::runtime_error, with a message for the operator, when there is no such user or group.
Account find_account(const std::string& user, const std::optional<std::string>& group);

/// From now on nothing that this process starts can have more rights than it has itself: of this
/// thread and those it makes. Throws std::runtime_error.
void renounce_new_privileges();

/// Has all threads of the process run as a user, for ever and without capabilities; but the calling
/// one keeps `capabilities` (CAP_...) of those that it has. Nothing happens in a process that runs
/// as that user already: what it may is its starter's choice. Throws std::runtime_error.
void run_as(const Account& account, std::span<const int> capabilities);

}  // namespace sluice::control
