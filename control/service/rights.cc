#include "control/service/rights.h"

#include <linux/capability.h>

#include <algorithm>
#include <string>

#include "control/log.h"
#include "control/service/system_call_filter.h"
#include "dataplane/base/sanitized.h"
#include "dataplane/base/undumped_memory.h"
#include "dataplane/port/device_name.h"

namespace sluice::control {
namespace {

bool has_port(const Config& config, port::DeviceKind kind) {
  return std::ranges::any_of(config.interfaces, [&](const InterfaceConfig& interface) {
    return std::ranges::any_of(interface.ports, [&](const auto& port) {
      return port::parse_device_name(port.value).kind == kind;
    });
  });
}

// Closing an AF_XDP port takes its program off the interface, closing a tap changes its flags: both
// need CAP_NET_ADMIN. Nothing else that is done later needs any.
std::vector<int> capabilities_for(const Config& config) {
  if (has_port(config, port::DeviceKind::kAfXdp) || has_port(config, port::DeviceKind::kTap)) {
    return {CAP_NET_ADMIN};
  }
  return {};
}

}  // namespace

std::optional<Account> account_of(const ProcessConfig& process) {
  if (process.user.value.empty()) return {};
  const std::string& group = process.group.value;
  return find_account(process.user.value, group.empty() ? std::nullopt : std::optional(group));
}

Rights::Rights(const Config& config)
    : account_(account_of(config.process)),
      capabilities_(capabilities_for(config)),
      filters_(config.process.system_call_filter),
      needs_bpf_(has_port(config, port::DeviceKind::kAfXdp)) {
  renounce_new_privileges();
  if (!undumped::leave_shared_memory_out_of_core_dumps()) {
    log_warning("a core dump may have packets in it: /proc/self/coredump_filter cannot be written");
  }
}

void Rights::reduce() const {
  if (account_) {
    run_as(*account_, capabilities_);
    log_info("runs as user " + account_->name);
  }
  if (filters_) forbid_system_calls({.bpf = needs_bpf_, .sanitizers = kSanitized});
}

}  // namespace sluice::control
