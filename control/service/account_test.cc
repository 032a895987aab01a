#include "control/service/account.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <thread>

namespace sluice::control {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

// Every Debian has it.
constexpr const char* kUser = "daemon";

// There is no way back: each test has a process of its own. Returns what `body` does there.
int in_a_process(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << status;
  return WEXITSTATUS(status);
}

// A line of the calling thread's status.
std::string status_of_thread(const std::string& name) {
  std::ifstream status("/proc/thread-self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":\t")) return line.substr(name.size() + 2);
  }
  return {};
}

TEST(FindAccount, FindsTheUserAndItsGroups) {
  const Account account = find_account(kUser, {});
  EXPECT_EQ(account.name, kUser);
  EXPECT_NE(account.user, 0U);
  EXPECT_NE(std::ranges::find(account.groups, account.group), account.groups.end());
}

TEST(FindAccount, AnotherGroupTakesThePlaceOfItsOwn) {
  const Account account = find_account(kUser, "games");
  EXPECT_EQ(account.group, ::getgrnam("games")->gr_gid);
  EXPECT_NE(std::ranges::find(account.groups, account.group), account.groups.end());
}

TEST(FindAccount, SaysWhatThereIsNot) {
  EXPECT_THAT([] { (void)find_account("no-such-user", {}); },
              ThrowsMessage<std::runtime_error>(HasSubstr("no user 'no-such-user'")));
  EXPECT_THAT([] { (void)find_account(kUser, "no-such-group"); },
              ThrowsMessage<std::runtime_error>(HasSubstr("no group 'no-such-group'")));
}

TEST(NewPrivileges, AreRenouncedForLaterThreads) {
  EXPECT_EQ(in_a_process([] {
              renounce_new_privileges();
              int renounced = 0;
              std::thread([&] { renounced = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }).join();
              return renounced;
            }),
            1);
}

class RunAs : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  }
};

TEST_F(RunAs, ChangesAllThreadsAndLeavesThemNoCapability) {
  EXPECT_EQ(in_a_process([] {
              const Account account = find_account(kUser, {});
              std::string uid;
              std::string permitted;
              std::atomic<bool> changed{false};
              std::thread other([&] {
                while (!changed) std::this_thread::yield();
                uid = status_of_thread("Uid");
                permitted = status_of_thread("CapPrm");
              });
              constexpr std::array kKept{CAP_NET_ADMIN};
              run_as(account, kKept);
              changed = true;
              other.join();
              const std::string id = std::to_string(account.user);
              if (uid != id + "\t" + id + "\t" + id + "\t" + id) return 1;
              return permitted == "0000000000000000" ? 0 : 2;
            }),
            0);
}

TEST_F(RunAs, TheCallingThreadKeepsWhatIsNamed) {
  EXPECT_EQ(in_a_process([] {
              constexpr std::array kKept{CAP_NET_ADMIN};
              run_as(find_account(kUser, {}), kKept);
              if (status_of_thread("CapPrm") != "0000000000001000") return 1;
              if (status_of_thread("CapInh") != "0000000000000000") return 2;
              return status_of_thread("CapEff") == "0000000000001000" ? 0 : 3;
            }),
            0);
}

TEST_F(RunAs, ThereIsNoWayBack) {
  EXPECT_EQ(in_a_process([] {
              run_as(find_account(kUser, {}), {});
              return ::setuid(0) != 0 && ::open("/etc/shadow", O_RDONLY) < 0 ? 0 : 1;
            }),
            0);
}

TEST_F(RunAs, ACoreDumpStaysPossible) {
  EXPECT_EQ(in_a_process([] {
              run_as(find_account(kUser, {}), {});
              return ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
            }),
            1);
}

TEST_F(RunAs, ANobodyCannotBecomeAnother) {
  EXPECT_EQ(in_a_process([] {
              run_as(find_account(kUser, {}), {});
              try {
                run_as(find_account("games", {}), {});
              } catch (const std::runtime_error&) {
                return 0;
              }
              return 1;
            }),
            0);
}

}  // namespace
}  // namespace sluice::control
