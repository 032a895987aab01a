#include "dataplane/port/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_memory.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace sluice::port {
namespace {

std::string cpu_list(std::span<const unsigned> cpus) {
  std::string text;
  for (const unsigned cpu : cpus) {
    if (!text.empty()) text += ',';
    text += std::to_string(cpu);
  }
  return text;
}

std::string lcore_map(std::span<const unsigned> worker_cpus,
                      std::span<const unsigned> control_cpus) {
  std::string map = "0@(" + cpu_list(control_cpus) + ")";
  for (std::size_t worker = 0; worker < worker_cpus.size(); ++worker) {
    map += ',' + std::to_string(worker + 1) + '@' + std::to_string(worker_cpus[worker]);
  }
  return map;
}

unsigned lcore_of(std::uint32_t worker) {
  return worker + 1;
}

void check_cpus(const EalSettings& settings, std::span<const unsigned> allowed) {
  if (settings.worker_cpus.empty()) throw std::runtime_error("no CPU is given for a worker");
  if (settings.worker_cpus.size() >= RTE_MAX_LCORE) {
    throw std::runtime_error("at most " + std::to_string(RTE_MAX_LCORE - 1) +
                             " workers are possible");
  }
  for (const unsigned cpu : settings.worker_cpus) {
    if (!std::binary_search(allowed.begin(), allowed.end(), cpu)) {
      throw std::runtime_error("worker CPU " + std::to_string(cpu) +
                               " is not among those this process may use (" + cpu_list(allowed) +
                               ")");
    }
  }
}

int run_body(void* body) {
  (*static_cast<std::function<void()>*>(body))();
  return 0;
}

// Packets, and what is in them: pages and places for pages, as far as they are private memory. Of
// shared memory and hugepages see undumped::leave_shared_memory_out_of_core_dumps().
int leave_out_of_core_dumps(const rte_memseg_list* list, void* /*argument*/) {
  (void)madvise(list->base_va, list->len, MADV_DONTDUMP);
  return 0;
}

}  // namespace

std::vector<unsigned> allowed_cpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<unsigned> cpus;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) cpus.push_back(cpu);
  }
  return cpus;
}

std::vector<unsigned> control_cpus(std::span<const unsigned> allowed,
                                   std::span<const unsigned> worker_cpus) {
  std::vector<unsigned> others;
  std::ranges::copy_if(allowed, std::back_inserter(others), [&](unsigned cpu) {
    return std::ranges::find(worker_cpus, cpu) == worker_cpus.end();
  });
  return others.empty() ? std::vector<unsigned>(allowed.begin(), allowed.end()) : others;
}

std::vector<std::string> eal_arguments(const EalSettings& settings, bool hugepages,
                                       std::span<const unsigned> control_cpus,
                                       const std::string& file_prefix) {
  const bool more = !hugepages && settings.small_page_memory_mib != 0;
  const std::size_t memory = more ? settings.small_page_memory_mib : settings.memory_mib;
  std::vector<std::string> arguments{"sluice",
                                     "--lcores=" + lcore_map(settings.worker_cpus, control_cpus),
                                     "--main-lcore=0",
                                     "-m",
                                     std::to_string(memory),
                                     "--file-prefix=" + file_prefix,
                                     "--log-level=warning"};
  if (!settings.telemetry) arguments.emplace_back("--no-telemetry");
  // Neither way leaves files behind, whatever end the process comes to. DPDK 22.11 refuses
  // --in-memory together with --no-huge.
  if (hugepages) {
    arguments.emplace_back("--in-memory");
  } else {
    arguments.emplace_back("--no-huge");
    arguments.emplace_back("--no-shconf");
  }
  // The memif driver shares whole lists of pages, by one file each.
  if (settings.shares_memory) arguments.emplace_back("--single-file-segments");
  if (settings.pci_addresses.empty()) {
    arguments.emplace_back("--no-pci");
    arguments.emplace_back("--iova-mode=va");
  }
  for (const std::string& address : settings.pci_addresses) {
    arguments.emplace_back("-a");
    arguments.push_back(address);
  }
  arguments.insert(arguments.end(), settings.extra_arguments.begin(),
                   settings.extra_arguments.end());
  return arguments;
}

Eal::Eal(EalSettings settings, LogSink log)
    : settings_(std::move(settings)), log_(std::move(log)), bodies_(settings_.worker_cpus.size()) {
  const std::vector<unsigned> cpus = allowed_cpus();
  check_cpus(settings_, cpus);
  hugepages_ =
      decide_hugepages(settings_.hugepages, settings_.memory_mib << 20, free_hugepage_bytes());
  arguments_ = eal_arguments(settings_, hugepages_, control_cpus(cpus, settings_.worker_cpus),
                             "sluice-" + std::to_string(getpid()));
  std::vector<char*> pointers;
  pointers.reserve(arguments_.size() + 1);
  for (std::string& argument : arguments_) pointers.push_back(argument.data());
  pointers.push_back(nullptr);

  const DpdkLog::Attempt attempt(&log_);
  if (rte_eal_init(static_cast<int>(arguments_.size()), pointers.data()) < 0) {
    std::string why = log_.complaints();
    if (why.empty()) why = rte_strerror(rte_errno);
    throw std::runtime_error("DPDK does not start: " + why);
  }
  (void)rte_memseg_list_walk(leave_out_of_core_dumps, nullptr);
  // Made even when nothing is put into it; empty directories would pile up.
  (void)rmdir(rte_eal_get_runtime_dir());
}

Eal::~Eal() {
  rte_eal_cleanup();
}

void Eal::launch(std::uint32_t worker, std::function<void()> body) {
  bodies_.at(worker) = std::move(body);
  if (rte_eal_remote_launch(run_body, &bodies_[worker], lcore_of(worker)) != 0) {
    throw std::logic_error("worker " + std::to_string(worker) + " is already running");
  }
}

void Eal::join() {
  rte_eal_mp_wait_lcore();
}

}  // namespace sluice::port
