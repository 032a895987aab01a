#pragma once

#include <cstdint>
#include <optional>

#include "dataplane/base/object_pool.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/ip/egress.h"
#include "dataplane/tcp/connection.h"
#include "dataplane/tcp/core.h"
#include "dataplane/tcp/segment.h"
#include "dataplane/tcp/syn_cookies.h"

namespace sluice::tcp {

class HalfOpenTable;

/// A passive open as both SYNs have settled it.
struct Handshake {
  wire::FlowKey flow;
  ip::Path path;
  Negotiated negotiated;
  SequenceNumber initial_send;
  SequenceNumber initial_receive;
};

/// A handshake that a peer has begun: SYN-RECEIVED by passive open. It holds no buffers; the
/// connection is made when the handshake is complete.
class HalfOpen final : public Timer {
 public:
  HalfOpen(HalfOpenTable& table, const Segment& syn, std::uint64_t hash, const ip::Path& path,
           SequenceNumber initial_send);

  [[nodiscard]] const wire::FlowKey& flow() const { return handshake_.flow; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }
  [[nodiscard]] const Handshake& handshake() const { return handshake_; }
  /// When the SYN-ACK was sent, if it was sent once only.
  [[nodiscard]] Instant sent_once_at() const { return sent_once_at_; }

 private:
  friend class HalfOpenTable;
  void on_timer(Instant now) override;

  HalfOpenTable& table_;
  Handshake handshake_;
  std::uint64_t hash_;
  ip::NextHop next_hop_;
  Instant sent_once_at_ = kNever;
  std::uint8_t retries_ = 0;
};

static_assert(sizeof(HalfOpen) <= 192, "a SYN must not cost much");

/// The half-open connections of one worker.
class HalfOpenTable {
 public:
  enum class Verdict : std::uint8_t {
    kHandled,   ///< nothing more to do with the segment
    kComplete,  ///< the handshake is complete: make the connection, then give it the segment
  };

  HalfOpenTable(Core& core, std::uint32_t capacity)
      : core_(core), entries_(capacity), cookies_(core.clock) {}

  /// Answers a SYN to a listening address: with an entry that waits for the peer's ACK, or with a
  /// cookie when entries or buffers get short. Dropped, and counted, when buffers run out, or there
  /// is no room and there are to be no cookies. `least` is given when the pair was in use not long
  /// ago: sequence numbers before it may still be under way. A cookie cannot be chosen, so that
  /// only timestamps allow an earlier one. Returns whether the SYN was answered.
  bool open(const Segment& syn, std::uint64_t hash, SequenceNumber initial_send,
            std::optional<SequenceNumber> least = {});

  /// A segment for an entry, in SYN-RECEIVED of RFC 9293 section 3.10.7.4.
  Verdict receive(HalfOpen& entry, const Segment& segment);

  /// The handshake that a segment without an entry completes by bringing back a cookie.
  [[nodiscard]] std::optional<Handshake> redeem(const Segment& segment);

  void remove(HalfOpen& entry);

  [[nodiscard]] HalfOpen& operator[](std::uint32_t index) { return entries_[index]; }
  [[nodiscard]] std::uint32_t size() const { return entries_.size(); }

 private:
  friend class HalfOpen;
  [[nodiscard]] bool cookie_wanted() const;
  bool answer_with_cookie(const Segment& syn, const ip::Path& path,
                          std::optional<SequenceNumber> least);
  void send_syn_ack(HalfOpen& entry);
  void send_syn_ack(const Handshake& handshake, std::uint32_t timestamp, ip::NextHop& next_hop);
  void receive_reset(HalfOpen& entry, const Segment& segment);
  void receive_syn(HalfOpen& entry, const Segment& segment);
  void on_timeout(HalfOpen& entry);
  void challenge(HalfOpen& entry);

  Core& core_;
  ObjectPool<HalfOpen> entries_;
  SynCookies cookies_;
};

}  // namespace sluice::tcp
