#include "control/service/system_call_filter.h"

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <thread>

namespace sluice::control {
namespace {

constexpr SystemCallNeeds kNothing{};

// A filter cannot be taken off: each test has a process of its own. Returns what `body` does there.
int in_a_process(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body());
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << status;
  return WEXITSTATUS(status);
}

int start_a_program() {
  char name[] = "/bin/true";
  char* const arguments[] = {name, nullptr};
  char* const environment[] = {nullptr};
  ::execve(name, arguments, environment);
  return errno;
}

int error_of(long result) {
  return result < 0 ? errno : 0;
}

TEST(SystemCallFilter, AProgramCanBeStartedWithoutIt) {
  EXPECT_EQ(in_a_process(start_a_program), 0);
}

TEST(SystemCallFilter, NoProgramCanBeStarted) {
  EXPECT_EQ(in_a_process([] {
              forbid_system_calls(kNothing);
              return start_a_program();
            }),
            EPERM);
}

TEST(SystemCallFilter, LeavesSanitizersTheProgramThatNamesLines) {
  EXPECT_EQ(in_a_process([] {
              forbid_system_calls({.bpf = false, .sanitizers = true});
              return start_a_program();
            }),
            0);
}

TEST(SystemCallFilter, HoldsForThreadsThatWereThereBefore) {
  EXPECT_EQ(in_a_process([] {
              int error = 0;
              std::atomic<bool> filtered{false};
              std::thread other([&] {
                while (!filtered) std::this_thread::yield();
                error = start_a_program();
              });
              forbid_system_calls(kNothing);
              filtered = true;
              other.join();
              return error;
            }),
            EPERM);
}

// Without rights of its own the process would be refused anyhow: 'mount' needs them, 'io_uring'
// and 'name_to_handle_at' do not, and would say EFAULT.
TEST(SystemCallFilter, ForbidsWhatTheKernelWouldLookAt) {
  EXPECT_EQ(in_a_process([] {
              forbid_system_calls(kNothing);
              if (error_of(::mount("none", "/proc", "tmpfs", 0, nullptr)) != EPERM) return 1;
              if (error_of(::syscall(SYS_io_uring_setup, 1, nullptr)) != EPERM) return 2;
              const auto handle =
                  ::syscall(SYS_name_to_handle_at, -1, nullptr, nullptr, nullptr, 0);
              return error_of(handle) == EPERM ? 0 : 3;
            }),
            0);
}

TEST(SystemCallFilter, LeavesBpfToWhoNeedsIt) {
  constexpr int kNoCommand = -1;
  const auto bpf = [] { return error_of(::syscall(SYS_bpf, kNoCommand, nullptr, 0)); };
  EXPECT_EQ(in_a_process([&] {
              forbid_system_calls({.bpf = true, .sanitizers = false});
              return bpf();
            }),
            in_a_process(bpf));
  EXPECT_EQ(in_a_process([&] {
              forbid_system_calls(kNothing);
              return bpf();
            }),
            EPERM);
}

TEST(SystemCallFilter, LeavesTheRestAsItWas) {
  EXPECT_EQ(in_a_process([] {
              forbid_system_calls(kNothing);
              bool ran = false;
              std::thread([&ran] { ran = true; }).join();
              const bool socket = ::socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
              return ran && socket ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace sluice::control
