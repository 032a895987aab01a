#pragma once

#include <cstdint>

#include "dataplane/base/object_pool.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/ip/egress.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/core.h"
#include "dataplane/tcp/segment.h"

namespace sluice::tcp {

class HalfOpenTable;

/// A handshake that a peer has begun: SYN-RECEIVED by passive open. It holds no buffers; the
/// connection is made when the handshake is complete.
class HalfOpen final : public Timer {
 public:
  HalfOpen(HalfOpenTable& table, const Segment& syn, std::uint64_t hash, const ip::Path& path,
           SequenceNumber initial_send);

  [[nodiscard]] const wire::FlowKey& flow() const { return flow_; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] const ip::Path& path() const { return path_; }
  [[nodiscard]] const Negotiated& negotiated() const { return negotiated_; }
  [[nodiscard]] SequenceNumber initial_send() const { return initial_send_; }
  [[nodiscard]] SequenceNumber initial_receive() const { return initial_receive_; }
  /// When the SYN-ACK was sent, if it was sent once only.
  [[nodiscard]] Instant sent_once_at() const { return sent_once_at_; }

 private:
  friend class HalfOpenTable;
  void on_timer(Instant now) override;

  HalfOpenTable& table_;
  wire::FlowKey flow_;
  std::uint64_t hash_;
  ip::Path path_;
  ip::NextHop next_hop_;
  Negotiated negotiated_;
  SequenceNumber initial_send_;
  SequenceNumber initial_receive_;
  Instant sent_once_at_ = kNever;
  std::uint8_t retries_ = 0;
};

/// The half-open connections of one worker.
class HalfOpenTable {
 public:
  enum class Verdict : std::uint8_t {
    kHandled,   ///< nothing more to do with the segment
    kComplete,  ///< the handshake is complete: make the connection, then give it the segment
  };

  HalfOpenTable(Core& core, std::uint32_t capacity) : core_(core), entries_(capacity) {}

  /// Answers a SYN to a listening address. Dropped, and counted, when there is no room or buffers
  /// are short.
  void open(const Segment& syn, std::uint64_t hash, SequenceNumber initial_send);

  /// A segment for an entry, in SYN-RECEIVED of RFC 9293 section 3.10.7.4.
  Verdict receive(HalfOpen& entry, const Segment& segment);

  void remove(HalfOpen& entry);

  [[nodiscard]] HalfOpen& operator[](std::uint32_t index) { return entries_[index]; }
  [[nodiscard]] std::uint32_t size() const { return entries_.size(); }

 private:
  friend class HalfOpen;
  void send_syn_ack(HalfOpen& entry);
  void on_timeout(HalfOpen& entry);
  void acknowledge(HalfOpen& entry);

  Core& core_;
  ObjectPool<HalfOpen> entries_;
};

}  // namespace sluice::tcp
