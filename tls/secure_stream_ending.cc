// How SecureStream ends, well or not.
#include <openssl/err.h>

#include <utility>

#include "tls/secure_stream.h"

namespace sluice::tls {
namespace {

constexpr std::uint64_t kMaxLingering = 64;

}  // namespace

void SecureStream::close() {
  handler_ = nullptr;
  if (lower_ == nullptr) return;
  if (phase_ != Phase::kOpen) {
    lower_->close();
    let_go_of_lower();
    return;
  }
  finishing_ = true;
  write_queued();
  if (lower_ != nullptr) linger();
}

// Nobody watches the time of a stream that lingers, so a peer could keep it for as long as it
// likes; therefore there may only be few.
void SecureStream::linger() {
  Counter& lingering = environment_.counters.lingering;
  if (lingering.get() >= kMaxLingering) {
    lower_->abort();
    let_go_of_lower();
    return;
  }
  lingering.add();
  lingering_ = true;
}

void SecureStream::abort() {
  handler_ = nullptr;
  if (lower_ == nullptr) return;
  lower_->abort();
  let_go_of_lower();
}

void SecureStream::on_failure(StreamError error) {
  let_go_of_lower();
  if (handler_ != nullptr) std::exchange(handler_, nullptr)->on_failure(error);
}

// Asks OpenSSL why, while it still knows. The first reason stays.
void SecureStream::note_failure() {
  if (own_records_) return;
  const Failure reported = openssl_->take_failure();
  Failure& failure = in_flight().failure;
  if (failure.kind == Failure::Kind::kNone) failure = reported;
}

// What the handler is told.
StreamError SecureStream::examine(Outcome outcome) {
  if (outcome == Outcome::kNoMemory) {
    ERR_clear_error();
    environment_.counters.out_of_buffers.add();
    return StreamError::kNoMemory;
  }
  note_failure();
  return StreamError::kProtocol;
}

// Called from below only, as the next one.
void SecureStream::fail(Outcome outcome) {
  const StreamError error = examine(outcome);
  if (failure().kind == Failure::Kind::kAlertReceived) {
    environment_.counters.alerts_received.add();
  } else if (error == StreamError::kProtocol && phase_ == Phase::kOpen) {
    environment_.counters.records_rejected.add();
  }
  fail_with(error);
}

// The handler learns of it at once.
void SecureStream::fail_with(StreamError error) {
  if (error == StreamError::kTruncated && phase_ == Phase::kOpen) {
    environment_.counters.truncated.add();
  }
  if (error != StreamError::kNoMemory) flush();
  if (lower_ == nullptr) return;
  error == StreamError::kNoMemory ? lower_->abort() : lower_->close();
  on_failure(error);
}

// Called from inside a call of the handler's, who learns of it after that: see ~SecureStream().
void SecureStream::fail_later(Outcome outcome) {
  if (lower_ == nullptr) return;
  in_flight().untold = examine(outcome);
  lower_->abort();
  let_go_of_lower();
}

void SecureStream::let_go_of_lower() {
  if (phase_ == Phase::kHandshake) {
    environment_.counters.handshakes_failed.add();
    environment_.statistics.failed(failure());
  }
  if (lingering_) environment_.counters.lingering.subtract();
  if (openssl_) openssl_->place().leave();
  if (gathering_) std::erase(environment_.gathering, this);
  gathering_ = false;
  lower_ = nullptr;
  if (in_flight_) in_flight_->queued.clear();
  (void)environment_.records.output.take();  // of a record that could not be completed
  environment_.graveyard.bury(std::unique_ptr<Mortal>(this));
}

}  // namespace sluice::tls
