#include "deploy/testbed/impaired_link/forwarder.h"

#include <poll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <system_error>

namespace sluice::testbed {
namespace {

// 128 MiB if all are in use at once: 1 Gbit/s for more than half a second, each way.
constexpr std::uint32_t kFrames = 65536;
constexpr std::uint64_t kOtherDirection = 0x5bd1e9955bd1e995;

Instant now() {
  return Instant(std::chrono::steady_clock::now().time_since_epoch());
}

}  // namespace

Forwarder::Forwarder(const std::string& left, const std::string& right, const Impairments& to_right,
                     const Impairments& to_left, std::uint64_t seed)
    : pool_(kFrames),
      to_right_(left, to_right, seed, pool_),
      to_left_(right, to_left, seed ^ kOtherDirection, pool_) {
  received_.reserve(kBatch);
  leaving_.reserve(kBatch);
  answers_.reserve(kBatch);
}

void Forwarder::run(int stop) {
  // Otherwise the kernel rounds pauses up by 50 us.
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  while (!wait(stop)) {
    receive(to_right_);
    receive(to_left_);
    const Instant at = now();
    let_out(to_right_, to_left_.from, at);
    let_out(to_left_, to_right_.from, at);
  }
}

bool Forwarder::wait(int stop) {
  std::array<pollfd, 3> waited = {{{stop, POLLIN, 0},
                                   {to_right_.from.descriptor(), POLLIN, 0},
                                   {to_left_.from.descriptor(), POLLIN, 0}}};
  // With no room for what comes in, only what goes out can make some.
  const nfds_t count = pool_.free() > 0 ? waited.size() : 1;
  const Duration length = pause();
  const timespec timeout = {static_cast<time_t>(length.count() / 1'000'000'000),
                            static_cast<long>(length.count() % 1'000'000'000)};
  if (::ppoll(waited.data(), count, &timeout, nullptr) < 0 && errno != EINTR) {
    throw std::system_error(errno, std::generic_category(), "ppoll");
  }
  return (waited[0].revents & POLLIN) != 0;
}

Duration Forwarder::pause() const {
  const Instant due = std::min(to_right_.direction.next_due(), to_left_.direction.next_due());
  if (due == kNever) return std::chrono::seconds(1);
  return std::clamp<Duration>(due - now(), Duration::zero(), std::chrono::seconds(1));
}

void Forwarder::receive(Way& way) {
  received_.clear();
  way.from.receive(pool_, received_);
  const Instant at = now();
  for (Frame& frame : received_) {
    std::optional<Frame> answer = way.direction.take(at, std::move(frame));
    if (answer) answers_.push_back(std::move(*answer));
  }
  if (!answers_.empty()) way.from.send(answers_);
}

void Forwarder::let_out(Way& way, EthernetEnd& out, Instant now) {
  for (;;) {
    while (leaving_.size() < kBatch) {
      std::optional<Frame> frame = way.direction.release(now);
      if (!frame) break;
      leaving_.push_back(std::move(*frame));
    }
    if (leaving_.empty()) return;
    out.send(leaving_);
  }
}

}  // namespace sluice::testbed
