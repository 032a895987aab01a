#include "control/management/report_desk.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>

namespace sluice::control {
namespace {

FileDescriptor make_event() {
  FileDescriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) throw std::runtime_error(std::string("no eventfd: ") + std::strerror(errno));
  return event;
}

// Neither can fail: the count never gets near its limit, and nothing to read is as good.
void signal(const FileDescriptor& event) {
  const std::uint64_t one = 1;
  static_cast<void>(!::write(event.get(), &one, sizeof one));
}
void clear(const FileDescriptor& event) {
  std::uint64_t count = 0;
  static_cast<void>(!::read(event.get(), &count, sizeof count));
}

}  // namespace

ReportDesk::ReportDesk(std::function<Report()> make)
    : make_(std::move(make)),
      wanted_event_(make_event()),
      made_event_(make_event()),
      attended_(Clock::now().time_since_epoch().count()) {}

void ReportDesk::attend(bool stopping) {
  attended_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
  stopping_.store(stopping, std::memory_order_relaxed);
  if (!wanted_.exchange(false)) return;
  clear(wanted_event_);
  auto report = std::make_shared<const Report>(make_());
  {
    const std::lock_guard lock(mutex_);
    made_.swap(report);
  }
  signal(made_event_);
}

void ReportDesk::want() {
  if (!wanted_.exchange(true)) signal(wanted_event_);
}

ReportDesk::ReportPointer ReportDesk::take() {
  clear(made_event_);
  const std::lock_guard lock(mutex_);
  return std::exchange(made_, nullptr);
}

ReportDesk::Clock::duration ReportDesk::silence() const {
  const Clock::duration now = Clock::now().time_since_epoch();
  return now - Clock::duration(attended_.load(std::memory_order_relaxed));
}

}  // namespace sluice::control
