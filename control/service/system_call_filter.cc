#include "control/service/system_call_filter.h"

#include <seccomp.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace sluice::control {
namespace {

constexpr std::array kForbidden{
    // other programs
    "execve",
    "execveat",
    "uselib",
    // other processes' memory and descriptors
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_getfd",
    "kcmp",
    "process_madvise",
    // files by other ways than their paths and rights, and other views of the file system
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "open_tree",
    "move_mount",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
    "name_to_handle_at",
    "open_by_handle_at",
    "unshare",
    "setns",
    "quotactl",
    "quotactl_fd",
    "mknod",
    "mknodat",
    // the kernel and the machine
    "kexec_load",
    "kexec_file_load",
    "init_module",
    "finit_module",
    "delete_module",
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "syslog",
    "iopl",
    "ioperm",
    "modify_ldt",
    "personality",
    "perf_event_open",
    "lookup_dcookie",
    "userfaultfd",
    "vhangup",
    "sethostname",
    "setdomainname",
    // the kernel's keys
    "add_key",
    "request_key",
    "keyctl",
    // the clock
    "settimeofday",
    "clock_settime",
    "clock_adjtime",
    "adjtimex",
    // system calls that no filter sees
    "io_uring_setup",
    "io_uring_enter",
    "io_uring_register",
};

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<std::remove_pointer_t<scmp_filter_ctx>, Release>;

// libseccomp returns negative error numbers.
void check(int result, const std::string& what) {
  if (result < 0) {
    throw std::runtime_error("system calls cannot be forbidden: " + what + ": " +
                             std::strerror(-result));
  }
}

void forbid(const Filter& filter, const char* name) {
  const int number = seccomp_syscall_resolve_name(name);
  if (number == __NR_SCMP_ERROR) return;  // newer than this libseccomp
  check(seccomp_rule_add(filter.get(), SCMP_ACT_ERRNO(EPERM), number, 0), name);
}

bool for_sanitizers(std::string_view name) {
  return name == "ptrace" || name == "execve";
}

}  // namespace

// No rule looks at arguments: the kernel then knows the allowed calls beforehand, and runs the
// filter for none of them (since Linux 5.11).
void forbid_system_calls(const SystemCallNeeds& needs) {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (!filter) throw std::runtime_error("system calls cannot be forbidden");
  for (const char* name : kForbidden) {
    if (!needs.sanitizers || !for_sanitizers(name)) forbid(filter, name);
  }
  if (!needs.bpf) forbid(filter, "bpf");
  check(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_TSYNC, 1), "in all threads");
  check(seccomp_attr_set(filter.get(), SCMP_FLTATR_CTL_LOG, 1), "with a log");
  check(seccomp_load(filter.get()), "the kernel refuses the filter");
}

}  // namespace sluice::control
