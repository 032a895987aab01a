#include "control/capture/capture_commands.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "control/capture/capture_request.h"
#include "control/capture/pcapng.h"
#include "control/config/wording.h"
#include "control/sessions/flow_names.h"
#include "control/version.h"
#include "dataplane/capture/capture_ring.h"

namespace sluice::control {
namespace {

// What each worker's ring may take. The control thread comes by every few milliseconds.
constexpr std::uint32_t kRingBytes = 4U << 20;
constexpr std::uint32_t kMostPlaces = 16384;
// Frames given to the client at once.
constexpr std::size_t kFramesAtOnce = 4096;
// A worker may be so late with a record: what is younger waits, so that the file is in order.
constexpr auto kSettled = std::chrono::milliseconds(2);

std::uint32_t places_for(std::uint32_t snap_length) {
  return std::bit_floor(std::clamp(kRingBytes / snap_length, 64U, kMostPlaces));
}

std::uint64_t wall_clock() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

/// The capture that is under way, as a pcapng file that grows.
class CaptureAnswer final : public LongAnswer {
 public:
  CaptureAnswer(Engine& engine, const CaptureRequest& request,
                std::shared_ptr<capture::Capture> capture)
      : engine_(engine),
        capture_(std::move(capture)),
        names_(engine.snapshot().http),
        frames_left_(request.count == 0 ? UINT64_MAX : request.count),
        began_(now()),
        began_at_(wall_clock()),
        ends_(began_ + request.duration) {
    for (const auto& program : engine.programs()) {
      program->post(
          [capture = capture_](worker::Worker& worker) { worker.begin_capture(capture); });
    }
  }
  ~CaptureAnswer() override { capture_->stopped.store(true, std::memory_order_relaxed); }

  bool advance(Answer& piece) override {
    if (!std::exchange(headed_, true)) {
      piece.text = head();
      return false;
    }
    const Instant present = now();
    const bool over = present >= ends_;
    if (over) capture_->stopped.store(true, std::memory_order_relaxed);
    const bool all = take(over ? kNever : present - kSettled, piece.text);
    if (frames_left_ > 0 && !(over && all)) return false;
    capture_->stopped.store(true, std::memory_order_relaxed);
    piece.text += tail(present);
    return true;
  }

  [[nodiscard]] bool ends_conversation() const override { return true; }
  void stop() override { ends_ = now(); }

 private:
  [[nodiscard]] Instant now() const { return engine_.fleet().worker(0).time(); }
  [[nodiscard]] std::uint64_t wall_clock_at(Instant instant) const {
    return began_at_ + static_cast<std::uint64_t>((instant - began_).count());
  }

  [[nodiscard]] std::string head() const {
    std::string text = pcapng::section("Sluice " + std::string(kVersion));
    for (const port::Port* port : engine_.fleet().ports()) {
      text += pcapng::interface(port->device_name().text, capture_->rings[0]->snap_length());
    }
    return text;
  }

  [[nodiscard]] std::string tail(Instant present) const {
    std::string text;
    for (std::size_t port = 0; port < engine_.fleet().ports().size(); ++port) {
      std::uint64_t lost = 0;
      for (const auto& of_worker : capture_->lost) lost += of_worker[port].get();
      text += pcapng::statistics(static_cast<std::uint32_t>(port), wall_clock_at(present), lost);
    }
    return text;
  }

  // The oldest frame of all workers, again and again, up to a time. Whether these were all.
  bool take(Instant limit, std::string& text) {
    for (std::size_t taken = 0; taken < kFramesAtOnce && frames_left_ > 0; ++taken) {
      std::size_t oldest = 0;
      const capture::Record* first = nullptr;
      for (std::size_t i = 0; i < capture_->rings.size(); ++i) {
        const capture::Record* record = capture_->rings[i]->front();
        if (record == nullptr || (first != nullptr && first->time <= record->time)) continue;
        first = record;
        oldest = i;
      }
      if (first == nullptr || first->time > limit) return true;
      text += packet(oldest, *first);
      capture_->rings[oldest]->pop();
      --frames_left_;
    }
    return false;
  }

  // Its comment says which worker had the frame, and what the configuration calls its connection.
  [[nodiscard]] std::string packet(std::size_t worker, const capture::Record& record) const {
    std::string comment = "worker " + std::to_string(worker);
    if (const auto flow = capture::flow_of(record.bytes, record.direction)) {
      const std::string& name = names_.of(*flow);
      if (!name.empty()) comment += ", " + name;
    }
    return pcapng::packet({.interface = record.port.value(),
                           .time = wall_clock_at(std::max(record.time, began_)),
                           .direction = record.direction,
                           .length = record.length,
                           .bytes = record.bytes,
                           .comment = comment});
  }

  Engine& engine_;
  std::shared_ptr<capture::Capture> capture_;
  FlowNames names_;
  std::uint64_t frames_left_;
  Instant began_;
  std::uint64_t began_at_;  // wall_clock()
  Instant ends_;
  bool headed_ = false;
};

/// Begins captures, one at a time.
class CaptureCommand {
 public:
  explicit CaptureCommand(Engine& engine) : engine_(engine) {}

  Answer run(std::span<const std::string> arguments) {
    std::string problem;
    auto request = CaptureRequest::parse(arguments, problem);
    if (!request) return refusal(problem);
    if (!request->port.empty() && !find_port(*request)) {
      return refusal("there is no port " + in_quotes(request->port.substr(0, 64)) +
                     " ('show ports' lists them)");
    }
    const auto present = present_.lock();
    if (present && !present->stopped) return refusal("another capture is under way");
    const worker::Fleet& fleet = engine_.fleet();
    auto capture =
        std::make_shared<capture::Capture>(request->filter, fleet.size(), fleet.ports().size(),
                                           places_for(request->snap_length), request->snap_length);
    present_ = capture;
    Answer answer;
    answer.rest = std::make_unique<CaptureAnswer>(engine_, *request, std::move(capture));
    return answer;
  }

 private:
  [[nodiscard]] bool find_port(CaptureRequest& request) const {
    for (const port::Port* port : engine_.fleet().ports()) {
      if (port->device_name().text == request.port) request.filter.port = port->id();
    }
    return request.filter.port.has_value();
  }

  Engine& engine_;
  std::weak_ptr<capture::Capture> present_;
};

}  // namespace

void add_capture_commands(CommandTable& commands, Engine& engine) {
  const auto command = std::make_shared<CaptureCommand>(engine);
  commands.add(
      "capture " + std::string(CaptureRequest::kArguments),
      "frames of chosen flows, as a pcapng file ('sluice capture FILE' writes it)",
      [command](auto arguments) { return command->run(arguments); }, AdminLevel::kAdmin);
}

}  // namespace sluice::control
