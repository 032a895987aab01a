#pragma once

namespace sluice::control {

/// What the filter has to leave to this process.
struct SystemCallNeeds {
  bool bpf = false;         ///< AF_XDP ports take their program off the interface at the end
  bool sanitizers = false;  ///< start a program that names lines, and stop threads by ptrace()
};

/// Forbids this process, and all its threads, what Sluice never does once it runs and what an
/// intruder would want: to start programs, to look into other processes, to change what is mounted,
/// the kernel, its keys, the clock. Such calls fail with EPERM, and the kernel logs them. What is
/// not on the list stays allowed, for drivers and libraries call what they like: this is a lock on
/// certain doors, not a wall. For ever. Throws std::runtime_error.
void forbid_system_calls(const SystemCallNeeds& needs);

}  // namespace sluice::control
