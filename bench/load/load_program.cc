#include "bench/load/load_program.h"

#include <algorithm>

#include "bench/common/weighted_turns.h"

namespace sluice::load {
namespace {

// Begun in one pass of the loop: more would keep what is under way waiting.
constexpr std::uint32_t kMostStarts = 64;
// Due and not begun, at most; what comes on top is missed.
constexpr std::size_t kMostWaiting = 1U << 20;
// A closed loop opens at most so many at a time: a million at once would be lost on the wire.
constexpr std::uint32_t kMostOpening = 256;
// So long the load is held back for next hops that have not answered: in the queue of an unknown
// one the first connections would overrun each other.
constexpr Duration kWayPatience = std::chrono::milliseconds(500);
constexpr Duration kLate = std::chrono::milliseconds(1);

std::uint64_t share_of(std::uint64_t total, std::uint32_t index, std::uint32_t workers) {
  return total / workers + (index < total % workers ? 1 : 0);
}

std::vector<std::uint32_t> turns_of(const std::vector<Target>& targets) {
  std::vector<std::uint32_t> weights;
  for (const Target& target : targets) weights.push_back(target.weight);
  return bench::weighted_turns(weights);
}

std::unique_ptr<tls::ClientContext> context_for(const Settings& settings) {
  const bool secure = std::ranges::any_of(settings.targets, &Target::secure);
  return secure ? std::make_unique<tls::ClientContext>(settings.tls) : nullptr;
}

}  // namespace

LoadProgram::LoadProgram(worker::Worker& worker, const Settings& settings, std::uint32_t workers)
    : worker_(worker),
      settings_(settings),
      index_(worker.index()),
      workers_(workers),
      most_connections_(
          static_cast<std::uint32_t>(share_of(settings.connections, index_, workers))),
      bounded_(settings.count > 0),
      left_(share_of(settings.count, index_, workers)),
      statistics_(std::make_unique<Statistics>()),
      tools_{worker.pool(), {}, {}},
      tls_context_(context_for(settings)),
      tls_(worker.pool(), worker.graveyard(), worker.clock(), tls_counters_,
           {.record_layer = settings.record_layer}),
      core_{.settings = settings_,
            .stack = worker.stack(),
            .pool = worker.pool(),
            .clock = worker.clock(),
            .timers = worker.timers(),
            .statistics = *statistics_,
            .tools = tools_,
            .owner = *this,
            .tls_context = tls_context_.get(),
            .tls = tls_,
            .sessions = sessions_,
            .connections = {index_, workers},
            .requests = {index_, workers},
            .random = std::mt19937_64(settings.seed + index_),
            .scratch = {}},
      clients_(most_connections_ + kMostStarts),
      target_turns_(turns_of(settings.targets)) {}

LoadProgram::~LoadProgram() = default;

void LoadProgram::begin_loop(Instant now) {
  free_done();
  if (core_.stopping || exhausted()) {
    wind_up();
    if (clients_.size() == done_.size()) finished_.store(true, std::memory_order_release);
    return;
  }
  if (!way_prepared_ && !prepare_way(now)) return;
  settings_.rate.empty() ? closed_loop(now) : open_loop(now);
}

// True when every next hop is known, or was asked for long enough.
bool LoadProgram::prepare_way(Instant now) {
  if (!way_asked_at_) way_asked_at_ = now;
  bool known = true;
  for (const Target& target : settings_.targets) {
    known = worker_.network().prepare_way(target.server.address) && known;
  }
  way_prepared_ = known || now - *way_asked_at_ > kWayPatience;
  return way_prepared_;
}

void LoadProgram::begin_arrivals(const std::vector<RateStep>& rate, Instant now) {
  const double share = 1.0 / workers_;
  arrivals_.emplace(rate, share, share * index_, settings_.poisson, settings_.seed + index_, now);
}

void LoadProgram::open_loop(Instant now) {
  if (!arrivals_) begin_arrivals(settings_.rate, now);
  for (; arrivals_->next() <= now; arrivals_->advance()) {
    statistics_->due.add();
    if (waiting_.size() < kMostWaiting) {
      waiting_.push_back(arrivals_->next());
    } else {
      statistics_->missed_starts.add();
    }
  }
  for (std::uint32_t started = 0; !waiting_.empty() && may_start(started); ++started) {
    const Instant due = waiting_.front();
    if (exhausted() || !dispatch(due)) return;
    if (now - due > kLate) statistics_->late_starts.add();
    waiting_.pop_front();
  }
}

void LoadProgram::closed_loop(Instant now) {
  for (std::uint32_t started = 0; !exhausted() && may_start(started); ++started) {
    if (core_.opening >= kMostOpening || !dispatch(now)) return;
  }
}

// After so many in this pass. While packets wait, more would only overrun the port's queue.
bool LoadProgram::may_start(std::uint32_t started) const {
  return started < kMostStarts && !worker_.behind();
}

// Begins what is due, on an idle connection or a new one. False when neither is to be had.
bool LoadProgram::dispatch(Instant due) {
  if (idle_ != nullptr && settings_.mode != Mode::kHold) {
    if (bounded_) --left_;
    idle_->request(due);
    return true;
  }
  return start_client(due);
}

bool LoadProgram::start_client(Instant due) {
  if (clients_.size() - done_.size() >= most_connections_) return false;
  Client* client = clients_.make(core_, next_target());
  if (client == nullptr) return false;
  if (bounded_) --left_;
  client->connect(due);
  return true;
}

const Target& LoadProgram::next_target() {
  const Target& target = settings_.targets[target_turns_[next_turn_]];
  next_turn_ = (next_turn_ + 1) % target_turns_.size();
  return target;
}

const wire::IpAddress& LoadProgram::next_source(const wire::IpAddress& server) {
  for (std::size_t tried = 0; tried < settings_.sources.size(); ++tried) {
    next_source_ = (next_source_ + 1) % settings_.sources.size();
    if (settings_.sources[next_source_].is_v4() == server.is_v4()) break;
  }
  return settings_.sources[next_source_];
}

void LoadProgram::on_idle(Client& client) {
  if (settings_.mode == Mode::kHold) {
    // Spread over half an interval to one and a half, evenly: the fractions of the golden ratio.
    constexpr double kGoldenFraction = 0.6180339887498949;
    hold_phase_ += hold_phase_ < 1 - kGoldenFraction ? kGoldenFraction : kGoldenFraction - 1;
    const auto rest =
        std::chrono::duration_cast<Duration>(settings_.hold_interval * (0.5 + hold_phase_));
    worker_.timers().arm_after(client, rest);
    return;
  }
  if (settings_.rate.empty() && !exhausted()) {
    // A closed loop goes on at once; it is not worth the list.
    if (bounded_) --left_;
    client.request(worker_.clock().now());
    return;
  }
  client.previous_idle = nullptr;
  client.next_idle = idle_;
  if (idle_ != nullptr) idle_->previous_idle = &client;
  idle_ = &client;
}

void LoadProgram::on_busy(Client& client) {
  if (&client == idle_) {
    idle_ = client.next_idle;
  } else if (client.previous_idle != nullptr) {
    client.previous_idle->next_idle = client.next_idle;
  }
  if (client.next_idle != nullptr) client.next_idle->previous_idle = client.previous_idle;
  client.next_idle = client.previous_idle = nullptr;
}

void LoadProgram::on_done(Client& client) {
  done_.push_back(&client);
}

void LoadProgram::free_done() {
  for (Client* client : done_) clients_.destroy(*client);
  done_.clear();
}

// From now on clients retire themselves when they have their answer.
void LoadProgram::wind_up() {
  if (winding_up_) return;
  winding_up_ = core_.stopping = true;
  waiting_.clear();
  clients_.for_each([](Client& client) {
    if (client.idle()) client.retire();
  });
}

void LoadProgram::offer(const std::vector<RateStep>& rate) {
  worker_.post([this, rate] {
    waiting_.clear();
    begin_arrivals(rate, worker_.clock().now());
  });
}

void LoadProgram::stop() {
  worker_.post([this] { core_.stopping = true; });
}

void LoadProgram::end() {
  worker_.post([this] {
    core_.stopping = true;
    clients_.for_each([this](Client& client) { clients_.destroy(client); });
    done_.clear();
    idle_ = nullptr;
    worker_.stack().abort_all();
    worker_.stop();
  });
}

}  // namespace sluice::load
