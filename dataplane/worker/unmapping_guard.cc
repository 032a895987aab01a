#include "dataplane/worker/unmapping_guard.h"

#include <rte_alarm.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace {

// What munmap() has no argument for: C has to find it here.
std::atomic<rte_rcu_qsbr*> waits_for{nullptr};
thread_local bool is_interrupt_thread = false;

// A worker that does not come round within this is stuck, and would crash at most.
constexpr std::chrono::seconds kPatience{2};

void wait_for_workers() {
  rte_rcu_qsbr* const workers = waits_for.load(std::memory_order_acquire);
  if (workers == nullptr) return;
  const std::uint64_t token = rte_rcu_qsbr_start(workers);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (rte_rcu_qsbr_check(workers, token, false) == 0) {
    if (std::chrono::steady_clock::now() > deadline) return;
    std::this_thread::sleep_for(std::chrono::microseconds(50));
  }
}

// Alarms are rung on the interrupt thread.
void introduce_thread(void* /*unused*/) {
  is_interrupt_thread = true;
}

}  // namespace

// In the place of the C library's, for every library of the process.
extern "C" __attribute__((visibility("default"), used)) int munmap(void* address,
                                                                   std::size_t length) noexcept {
  if (is_interrupt_thread) wait_for_workers();
  return static_cast<int>(syscall(SYS_munmap, address, length));
}

namespace sluice::worker {

UnmappingGuard::UnmappingGuard(Quiescence& workers) {
  waits_for.store(workers.get(), std::memory_order_release);
  (void)rte_eal_alarm_set(1, introduce_thread, nullptr);
}

UnmappingGuard::~UnmappingGuard() {
  waits_for.store(nullptr, std::memory_order_release);
}

}  // namespace sluice::worker
