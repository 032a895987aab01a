#include "control/service/account.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace sluice::control {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

void set_option(int option, unsigned long value, const char* what) {
  if (::prctl(option, value, 0UL, 0UL, 0UL) != 0) fail(what);
}

std::vector<gid_t> groups_of(const std::string& user, gid_t first) {
  int count = 0;
  (void)::getgrouplist(user.c_str(), first, nullptr, &count);
  std::vector<gid_t> groups(static_cast<std::size_t>(count));
  if (::getgrouplist(user.c_str(), first, groups.data(), &count) < 0) {
    throw std::runtime_error("the groups of user '" + user + "' cannot be found");
  }
  return groups;
}

// The calling thread's alone: capset(2) has no other.
void have_only(std::span<const int> capabilities) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  if (::syscall(SYS_capget, &header, sets.data()) != 0) fail("capabilities cannot be read");
  std::array<std::uint32_t, sets.size()> wanted{};
  for (const int capability : capabilities) {
    wanted.at(static_cast<unsigned>(capability) / 32) |=
        1U << (static_cast<unsigned>(capability) % 32);
  }
  for (std::size_t word = 0; word < sets.size(); ++word) {
    sets[word].permitted &= wanted[word];
    sets[word].effective = sets[word].permitted;
    sets[word].inheritable = 0;
  }
  if (::syscall(SYS_capset, &header, sets.data()) != 0) fail("capabilities cannot be given up");
}

}  // namespace

Account find_account(const std::string& user, const std::optional<std::string>& group) {
  errno = 0;
  const passwd* found = ::getpwnam(user.c_str());
  if (found == nullptr) throw std::runtime_error("there is no user '" + user + "'");
  Account account{found->pw_name, found->pw_uid, found->pw_gid, {}};
  if (group) {
    const struct group* first = ::getgrnam(group->c_str());
    if (first == nullptr) throw std::runtime_error("there is no group '" + *group + "'");
    account.group = first->gr_gid;
  }
  account.groups = groups_of(account.name, account.group);
  return account;
}

void renounce_new_privileges() {
  set_option(PR_SET_NO_NEW_PRIVS, 1, "new privileges cannot be renounced");
}

// The C library has the threads that DPDK made follow this one (nptl(7)); without KEEPCAPS, which
// is each thread's own, theirs lose all capabilities by it.
void run_as(const Account& account, std::span<const int> capabilities) {
  if (::geteuid() == account.user && ::getuid() == account.user) return;
  const std::string become = "cannot become user '" + account.name + "'";
  set_option(PR_SET_KEEPCAPS, 1, "capabilities cannot be kept");
  if (::setgroups(account.groups.size(), account.groups.data()) != 0 ||
      ::setresgid(account.group, account.group, account.group) != 0 ||
      ::setresuid(account.user, account.user, account.user) != 0) {
    fail(become);
  }
  have_only(capabilities);
  set_option(PR_SET_KEEPCAPS, 0, "capabilities cannot be given up");
  if (account.user != 0 && ::setuid(0) == 0) {
    throw std::runtime_error(become + ": the way back is open");
  }
  // Who changes its user leaves no core dump, unless it says that it may.
  set_option(PR_SET_DUMPABLE, 1, "core dumps cannot be allowed");
}

}  // namespace sluice::control
