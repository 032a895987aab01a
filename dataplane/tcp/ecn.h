#pragma once

#include <cstdint>

#include "dataplane/tcp/segment.h"
#include "dataplane/wire/ecn.h"
#include "dataplane/wire/tcp.h"

namespace sluice::tcp {

/// Whether a SYN asks for ECN (RFC 3168 section 6.1.1). Nobody sends one that may be marked: where
/// it arrives so, the path rewrites the field and its marks mean nothing.
inline bool asks_for_ecn(const Segment& syn) {
  return syn.has(wire::kEce) && syn.has(wire::kCwr) && !syn.has(wire::kAck) &&
         syn.ecn == wire::Ecn::kNotCapable;
}

/// Whether a SYN-ACK agrees. One that has both flags only reflects the SYN's.
inline bool grants_ecn(const Segment& syn_ack) {
  return syn_ack.has(wire::kEce) && !syn_ack.has(wire::kCwr);
}

/// Explicit congestion notification of one connection, both directions (RFC 3168 section 6.1).
class EcnState {
 public:
  /// Both sides use it.
  void agree() { sends_ = receives_ = true; }
  /// The peer may use it; what we send must not be marked.
  void receive_only() { receives_ = true; }

  /// Whether new data may be marked, and the peer tells of marks.
  [[nodiscard]] bool sends() const { return sends_; }
  [[nodiscard]] bool receives() const { return receives_; }

  /// A segment with new data was received, where receives(). Returns whether what ACKs tell of
  /// marks changes by it (section 6.1.3).
  bool on_data(const Segment& segment) {
    const bool before = echoes_;
    if (segment.has(wire::kCwr)) echoes_ = false;
    if (segment.ecn == wire::Ecn::kCongestion) echoes_ = true;
    return echoes_ != before;
  }
  /// What ACKs tell: ECE, from a mark until the peer says that it has reduced its window.
  [[nodiscard]] std::uint8_t echo() const {
    return echoes_ ? std::uint8_t{wire::kEce} : std::uint8_t{0};
  }

  /// The congestion window was reduced, for whatever reason: the next new data says so.
  void on_reduced() { tells_ = sends_; }
  [[nodiscard]] bool tells_reduction() const { return tells_; }
  void on_told() { tells_ = false; }

 private:
  bool sends_ = false;
  bool receives_ = false;
  bool echoes_ = false;
  bool tells_ = false;
};

}  // namespace sluice::tcp
