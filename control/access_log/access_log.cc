#include "control/access_log/access_log.h"

#include <pthread.h>

#include <utility>

#include "control/access_log/json_lines.h"
#include "control/log.h"

namespace sluice::control {
namespace {

// A ring of the usual size takes what the fastest worker puts in several times as long.
constexpr auto kLookEvery = std::chrono::milliseconds(5);
// How often whoever reads a pipe gets another chance.
constexpr auto kBusyLook = std::chrono::milliseconds(10);

SinkSettings sink_settings(const AccessLogConfig& config) {
  return {.to = AccessDestination::parse(config.to.value).value_or(AccessDestination{}),
          .tag = config.tag.value,
          .facility = syslog_facility(config.facility.value).value_or(0),
          .bare = config.format == AccessFormat::kJson};
}

std::vector<std::string> values_of(const std::vector<Located<std::string>>& texts) {
  std::vector<std::string> values;
  values.reserve(texts.size());
  for (const auto& text : texts) values.push_back(text.value);
  return values;
}

}  // namespace

AccessLog::AccessLog(const AccessLogConfig& config, std::uint32_t workers)
    : format_(config.format),
      captures_(values_of(config.capture)),
      to_(config.to.value),
      sink_(open_sink(sink_settings(config))) {
  for (std::uint32_t worker = 0; worker < workers; ++worker) {
    recorders_.push_back(std::make_unique<http::AccessRecorder>(config.buffer, captures_));
  }
}

AccessLog::~AccessLog() {
  finish();
}

void AccessLog::start(const http::FleetState& fleet, std::function<Instant()> now) {
  fleet_ = &fleet;
  now_ = std::move(now);
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "access-log");
}

void AccessLog::reopen() {
  const std::lock_guard lock(mutex_);
  reopening_ = true;
}

void AccessLog::finish() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void AccessLog::run() {
  while (wait()) {
    if (batch_.done()) drain();
    write();
  }
  write_the_last();
}

// False when it is time to end.
bool AccessLog::wait() {
  std::unique_lock lock(mutex_);
  const auto patience = batch_.done() ? kLookEvery : kBusyLook;
  wake_.wait_for(lock, patience, [this] { return ending_; });
  if (std::exchange(reopening_, false)) {
    lock.unlock();
    reopen_now();
    lock.lock();
  }
  return !ending_;
}

void AccessLog::write_the_last() {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!write() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kBusyLook);
  }
  if (batch_.done()) drain();
  while (!write() && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kBusyLook);
  }
  lost_.add(batch_.left());
}

void AccessLog::drain() {
  batch_.clear();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const std::chrono::nanoseconds epoch = wall - now_().time_since_epoch();
  const Tables tables = names_.all();
  for (std::uint32_t worker = 0; worker < recorders_.size(); ++worker) {
    recorders_[worker]->ring().take(
        [&](const http::AccessEntry& entry) { add_line(entry, worker, tables, epoch); });
  }
}

void AccessLog::add_line(const http::AccessEntry& entry, std::uint32_t worker, const Tables& tables,
                         std::chrono::nanoseconds epoch) {
  const http::AccessRecord& record = entry.record;
  const NameTable& names = NameTables::find(tables, record.generation);
  const auto wall = [&](Instant instant) {
    return AccessLine::Time(
        std::chrono::duration_cast<AccessLine::Time::duration>(epoch + instant.time_since_epoch()));
  };
  AccessLine line{.entry = entry,
                  .accepted = wall(record.accepted),
                  .began = wall(record.began),
                  .frontend = name_of(names.frontends, record.frontend),
                  .backend = name_of(names.backends, record.backend),
                  .server = name_of(names.servers, record.server),
                  .captures = captures_};
  count_others(line, worker);
  std::string& text = batch_.text();
  const auto ended = wall(record.began + record.total).time_since_epoch();
  sink_->begin_line(std::chrono::floor<std::chrono::seconds>(ended).count(), text);
  if (format_ == AccessFormat::kJson) {
    append_json_line(line, text);
  } else {
    haproxy_.append(line, text);
  }
  batch_.end_line();
}

// A worker's own figures are of the moment at which it ended; the other workers' are of now, some
// milliseconds later: to read them then would cost the worker a cache miss for each.
void AccessLog::count_others(AccessLine& line, std::uint32_t worker) const {
  const http::AccessRecord& record = line.entry.record;
  line.process_sessions = record.process_sessions;
  line.frontend_sessions = record.frontend_sessions;
  line.backend_exchanges = record.backend_exchanges;
  line.server_exchanges = record.server_exchanges;
  const auto value = [](const Counter* counter) { return counter == nullptr ? 0 : counter->get(); };
  for (std::uint32_t other = 0; other < fleet_->workers(); ++other) {
    if (other == worker) continue;
    const http::WorkerLoad& load = fleet_->load(other);
    line.process_sessions += load.clients.get();
    line.frontend_sessions += value(load.sessions.find(record.frontend.index()));
    line.server_exchanges += value(load.servers.find(record.server.index()));
    if (const auto* backend = load.backends.find(record.backend.index())) {
      line.backend_exchanges += backend->in_flight.get() + backend->queued.get();
    }
  }
}

// False while whoever reads does not keep up.
bool AccessLog::write() {
  if (batch_.done()) return true;
  const std::size_t before = batch_.left();
  const AccessSink::Outcome outcome = sink_->write(batch_);
  written_.add(before - batch_.left());
  if (outcome == AccessSink::Outcome::kBusy) return false;
  const bool failed = outcome == AccessSink::Outcome::kFailed;
  if (failed) {
    lost_.add(batch_.left());
    batch_.clear();
  }
  if (failed != failing_) {
    failing_ = failed;
    failed ? log_error("the access log " + to_ + " cannot be written: " + sink_->fault() +
                       "; lines are lost")
           : log_info("the access log " + to_ + " is written again");
  }
  return true;
}

void AccessLog::reopen_now() {
  try {
    sink_->reopen();
    log_info("the access log " + to_ + " was opened anew");
  } catch (const std::exception& fault) {
    log_error(std::string(fault.what()) + "; it goes on as it was");
  }
}

}  // namespace sluice::control
