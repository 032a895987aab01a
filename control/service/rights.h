#pragma once

#include <optional>
#include <vector>

#include "control/config/config.h"
#include "control/service/account.h"

namespace sluice::control {

/// What the process may do: much while it opens devices, files and sockets, little from then on.
class Rights {
 public:
  /// To be made before DPDK starts threads, which then can gain nothing either. Throws
  /// std::runtime_error with a message for the operator.
  explicit Rights(const Config& config);

  /// As whom the process is to run; nothing: as who started it.
  [[nodiscard]] const std::optional<Account>& account() const { return account_; }
  /// Leaves all threads only what the configuration needs later. For ever. Throws
  /// std::runtime_error with a message for the operator.
  void reduce() const;

 private:
  std::optional<Account> account_;
  std::vector<int> capabilities_;
  bool filters_ = true;
  bool needs_bpf_ = false;
};

/// The user of a configuration; nothing when it names none. Throws std::runtime_error when there is
/// no such user or group.
std::optional<Account> account_of(const ProcessConfig& process);

}  // namespace sluice::control
