#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/base/object_pool.h"
#include "dataplane/base/time.h"
#include "dataplane/tcp/config.h"
#include "dataplane/tcp/congestion/congestion_control.h"
#include "dataplane/tcp/congestion/hystart.h"
#include "dataplane/tcp/counters.h"
#include "dataplane/tcp/ecn.h"
#include "dataplane/tcp/recovery/forward_rto.h"
#include "dataplane/tcp/recovery/proportional_rate.h"
#include "dataplane/tcp/recovery/rack.h"
#include "dataplane/tcp/recovery/scoreboard.h"
#include "dataplane/tcp/recovery/tail_loss_probe.h"
#include "dataplane/tcp/recovery/undo.h"
#include "dataplane/tcp/round_trip.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/wire/tcp.h"

namespace sluice::tcp {

/// What of a connection's sending side outlives a flight, for Recovery to read and change.
struct Sender {
  const StackConfig& config;
  Counters& counters;
  CongestionControl& congestion;
  RoundTrip& round_trip;
  ReorderingWindow& reordering;
  EcnState& ecn;
  Instant now;
  std::uint32_t segment_size;
  bool sack;
  bool timestamps;

  [[nodiscard]] bool rack() const { return sack && config.rack; }
};

/// What an ACK of something between SND.UNA and SND.NXT tells the sender.
struct Acknowledgment {
  SequenceNumber number;
  std::span<const wire::SackBlock> blocks;
  bool duplicate = false;  ///< by the definition of RFC 5681 section 2
  bool marked = false;     ///< it tells of a congestion mark (ECE, RFC 3168 section 6.1.2)
  /// How long ago the timestamp was sent that the ACK echoes.
  std::optional<Duration> echo_age;
};

/// A connection's data in flight, and the repair of its losses: by time (RACK-TLP, RFC 8985) or by
/// the scoreboard alone (RFC 6675) with a peer that sends SACK blocks, by duplicate ACKs (NewReno,
/// RFC 6582) with others. It decides what is sent again and how much may be sent; the connection
/// sends. Exists while something is in flight or its fate is not settled.
class Recovery {
 public:
  /// kRepair: losses are repaired, and the window grows as always, after a timeout or since they
  /// tell nothing of congestion.
  enum class Phase : std::uint8_t { kOpen, kFastRecovery, kRepair };

  Recovery(SequenceNumber begin, RangePools& pools);

  /// [begin, end) was sent; what was sent before is sent again.
  void on_sent(SequenceNumber begin, SequenceNumber end, Instant now);
  void on_acknowledgment(const Acknowledgment& acknowledgment, Sender& sender);
  /// The retransmission timer fired. `first`: it had not since the last progress.
  void on_timeout(bool first, Sender& sender);
  /// All that was sent from `sequence` on was too large for the path and is lost without any
  /// congestion (RFC 8201 section 5.4): it is sent again, and the window stays as it is.
  void on_path_narrowed(SequenceNumber sequence);

  /// When something else than the retransmission timer is due: on_early_timer().
  [[nodiscard]] Instant early_deadline() const { return early_at_; }
  /// Returns whether a tail loss probe is to be sent; note_probe() follows if it was.
  bool on_early_timer(Sender& sender);
  void note_probe(bool repeats, Sender& sender);
  /// Data was sent or acknowledged: when a tail loss probe is due, at most at the retransmission
  /// timer's time `latest`.
  void schedule_probe(Instant latest, const Sender& sender);

  /// What is to be sent again next.
  [[nodiscard]] std::optional<Scoreboard::Part> first_lost() const {
    if (forward_rto_.holds_repairs()) return {};
    return board_.first_lost();
  }
  /// Repairs wait for what an ACK of new data tells, but none was sent: they must not wait longer.
  bool release_repairs() {
    if (!forward_rto_.holds_repairs() || sent_new_) return false;
    forward_rto_.stop();
    return true;
  }
  /// Bytes that the congestion window has room for.
  [[nodiscard]] std::uint32_t room(std::uint32_t window) const {
    const std::uint32_t in_network = pipe();
    return window > in_network ? window - in_network : 0;
  }
  [[nodiscard]] std::uint32_t pipe() const {
    return board_.pipe() - std::min(board_.pipe(), presumed_delivered_);
  }
  [[nodiscard]] const Scoreboard& board() const { return board_; }
  [[nodiscard]] Phase phase() const { return phase_; }

  /// Sending has stopped for now: whether it was the window that stopped it. A window that is not
  /// used does not grow (RFC 7661's concern).
  void note_limit(bool window_limited) { window_limited_ = window_limited; }

  /// Nothing is outstanding, and nothing that may still arrive matters.
  [[nodiscard]] bool settled() const {
    return board_.empty() && !probe_.pending() && !undo_.pending();
  }

 private:
  /// What an ACK showed to have arrived.
  struct Delivery {
    std::uint32_t bytes = 0;
    SequenceNumber from;  // SND.UNA before
    bool advanced = false;
    bool original = false;  // something that a timeout took for lost and that was sent only once
    bool reordered = false;
    bool marked = false;
    std::optional<wire::SackBlock> duplicate;  // DSACK
    std::optional<SentTime> oldest_sent;       // of what was sent once
    std::optional<SentTime> newest_sent;
    bool timing = false;  // something from behind the last measured round trip
  };

  Delivery take_delivery(const Acknowledgment& acknowledgment, Sender& sender);
  void take_blocks(const Acknowledgment& acknowledgment, Delivery& delivery, Sender& sender);
  void note_delivered(const Scoreboard::Part& part, const Acknowledgment& acknowledgment,
                      Delivery& delivery, Sender& sender);
  void presume_delivered(const Acknowledgment& acknowledgment, std::uint32_t advanced_by,
                         Delivery& delivery, const Sender& sender);
  void measure(const Acknowledgment& acknowledgment, const Delivery& delivery, Sender& sender);
  void adapt_reordering_window(const Delivery& delivery, Sender& sender);
  void conclude_probe(const Acknowledgment& acknowledgment, const Delivery& delivery,
                      Sender& sender);
  void detect_spurious(const Acknowledgment& acknowledgment, const Delivery& delivery,
                       Sender& sender);
  [[nodiscard]] bool spurious_by_forward_rto(const Delivery& delivery);
  void take_back(Sender& sender);
  void prepare_undo(bool first, const Sender& sender);
  void detect_losses(const Acknowledgment& acknowledgment, const Delivery& delivery,
                     Sender& sender);
  void detect_by_time(Sender& sender);
  void detect_by_scoreboard(const Sender& sender);
  void detect_by_duplicates(const Acknowledgment& acknowledgment, const Delivery& delivery,
                            const Sender& sender);
  void change_phase(std::uint32_t delivered, Sender& sender);
  void enter_fast_recovery(std::uint32_t delivered, Sender& sender);
  void react_to_mark(const Delivery& delivery, Sender& sender);
  void reduce_window(std::uint32_t in_flight, Sender& sender);
  void grow_window(const Delivery& delivery, Sender& sender);
  void adapt_window(const Delivery& delivery, bool new_losses, Sender& sender);
  [[nodiscard]] Duration reordering_window(const Sender& sender) const;
  [[nodiscard]] Duration probe_timeout(const Sender& sender) const;

  Scoreboard board_;
  Rack rack_;
  TailLossProbe probe_;
  ProportionalRate rate_;
  HyStart slow_start_;
  Undo undo_;
  ForwardRto forward_rto_;
  Phase phase_ = Phase::kOpen;
  bool window_limited_ = false;
  bool early_is_probe_ = false;
  bool resent_ = false;
  bool sent_new_ = false;  // new data, since repairs are held
  bool undo_timeout_ = false;
  bool widened_ = false;  // the reordering window was, in the round that ends at widened_until_
  std::uint8_t duplicates_ = 0;    // of a peer without SACK
  SequenceNumber recovery_point_;  // RFC 6675 section 2: what was sent when recovery began
  SequenceNumber reduced_until_;   // what was sent when the window was reduced
  SequenceNumber measure_from_;    // a round trip is measured by what was sent behind it
  SequenceNumber widened_until_;
  std::uint32_t presumed_delivered_ = 0;  // by duplicate ACKs of a peer without SACK
  Instant early_at_ = kNever;
};

using RecoveryPool = ObjectPool<Recovery>;

}  // namespace sluice::tcp
