#include "dataplane/worker/worker.h"

#include <pthread.h>
#include <rte_cycles.h>
#include <rte_pause.h>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

#include <string>

namespace sluice::worker {
namespace {

// The kernel wakes a sleeper up to 50 us late otherwise.
void ask_for_punctual_sleep() {
  (void)prctl(PR_SET_TIMERSLACK, 1UL);
}

}  // namespace

Worker::Worker(const WorkerSettings& settings, const Surroundings& surroundings, PacketPool& pool)
    : index_(settings.index),
      surroundings_(surroundings),
      pool_(pool),
      timers_(clock_),
      port_counters_(surroundings.ports.size()),
      tap_(settings.index, [this] { return time(); }),
      transmitter_(settings.index, settings.count, surroundings.ports, surroundings.transmitted,
                   pool, port_counters_, tap_),
      network_(settings.interfaces, clock_, timers_, pool, transmitter_, surroundings.flow_key,
               settings.index == 0, settings.ip),
      stack_(settings.tcp, clock_, timers_, pool, network_, surroundings.flow_key,
             {settings.index, settings.count}),
      receiver_(settings.index, settings.count, surroundings.ports, make_steering(settings, pool),
                network_, port_counters_, counters_.bursts, tap_),
      idle_(settings.idle),
      seen_links_(surroundings.ports.size()) {
  network_.set_transport(stack_);
}

Instant Worker::time() const {
  return surroundings_.timeline.at(rte_get_tsc_cycles());
}

// Nothing, when there is nobody to hand packets to.
port::Steering* Worker::make_steering(const WorkerSettings& settings, PacketPool& pool) {
  if (surroundings_.received == nullptr) return nullptr;
  return &steering_.emplace(settings.index, settings.count, surroundings_.flow_key,
                            *surroundings_.received, pool, port_counters_);
}

void Worker::run(Application& application) {
  ask_for_punctual_sleep();
  (void)pthread_setname_np(pthread_self(), ("worker-" + std::to_string(index_)).c_str());
  join_quiescence();
  std::uint64_t begun = rte_get_tsc_cycles();
  while (!stopping_.load(std::memory_order_relaxed)) {
    const Instant now = surroundings_.timeline.at(begun);
    const bool worked = run_once(application, now);
    if (surroundings_.quiescence != nullptr) {
      rte_rcu_qsbr_quiescent(surroundings_.quiescence, index_);
    }
    const Duration sleep = idle_.after(worked, now);
    if (!worked) rest(sleep);
    const std::uint64_t ended = rte_get_tsc_cycles();
    (worked ? counters_.busy_cycles : counters_.idle_cycles).add(ended - begun);
    begun = ended;
  }
  leave_quiescence();
}

bool Worker::run_once(Application& application, Instant now) {
  clock_.advance_to(now);
  counters_.loops.add();
  std::size_t work = 0;
  if (mailbox_.work_off()) {
    counters_.messages.add();
    ++work;
  }
  heed_links();
  application.begin_loop(clock_.now());
  work += receiver_.receive();
  const std::size_t fired = timers_.advance(kTimerBudget);
  counters_.timers_fired.add(fired);
  work += fired;
  work += application.do_rationed_work(clock_.now());
  work += stack_.flush();
  work += transmitter_.collect();
  work += transmitter_.flush();
  graveyard_.clear();
  pool_.refresh();
  return work != 0;
}

// Neighbours behind a link that fell may be others when it is back, and those that come need to
// learn our addresses.
void Worker::heed_links() {
  const std::uint32_t changes = surroundings_.links.changes();
  if (changes == seen_changes_) return;
  seen_changes_ = changes;
  bool risen = false;
  for (std::size_t i = 0; i < seen_links_.size(); ++i) {
    const port::LinkState& link = surroundings_.ports[i]->link();
    SeenLink& seen = seen_links_[i];
    const bool up = link.up();
    const bool fallen = link.falls() != seen.falls;
    if (fallen) network_.port_went_down(surroundings_.ports[i]->id());
    risen = risen || (up && (fallen || !seen.up));
    seen = {up, link.falls()};
  }
  if (risen) network_.announce();
}

void Worker::rest(Duration sleep) {
  if (sleep == Duration::zero()) {
    if (idle_.yields()) {
      (void)sched_yield();
    } else {
      rte_pause();
    }
    return;
  }
  counters_.sleeps.add();
  const timespec time{0, static_cast<long>(sleep.count())};  // below a second
  (void)nanosleep(&time, nullptr);
}

void Worker::join_quiescence() {
  if (surroundings_.quiescence == nullptr) return;
  (void)rte_rcu_qsbr_thread_register(surroundings_.quiescence, index_);
  rte_rcu_qsbr_thread_online(surroundings_.quiescence, index_);
}

void Worker::leave_quiescence() {
  if (surroundings_.quiescence == nullptr) return;
  rte_rcu_qsbr_thread_offline(surroundings_.quiescence, index_);
  (void)rte_rcu_qsbr_thread_unregister(surroundings_.quiescence, index_);
}

}  // namespace sluice::worker
