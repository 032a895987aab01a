#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/base/timer_wheel.h"
#include "dataplane/ip/egress.h"
#include "dataplane/ip/transport.h"
#include "dataplane/stream.h"
#include "dataplane/tcp/congestion/congestion_control.h"
#include "dataplane/tcp/core.h"
#include "dataplane/tcp/ecn.h"
#include "dataplane/tcp/reassembly.h"
#include "dataplane/tcp/recovery/recovery.h"
#include "dataplane/tcp/round_trip.h"
#include "dataplane/tcp/segment.h"
#include "dataplane/tcp/send_queue.h"
#include "dataplane/tcp/sequence.h"
#include "dataplane/wire/flow.h"

namespace sluice::tcp {

/// The states of RFC 9293 section 3.3.2 that a connection object has. LISTEN is a listener,
/// a passively opened SYN-RECEIVED is a half-open entry, TIME-WAIT is a record of its own.
enum class State : std::uint8_t {
  kClosed,  ///< nothing more happens; the object waits for its handler or for the burst's end
  kSynSent,
  kSynReceived,  ///< only by simultaneous open
  kEstablished,
  kFinWait1,
  kFinWait2,
  kCloseWait,
  kClosing,
  kLastAck,
};

std::string_view to_string(State state);

/// What the handshake settled, for either side.
struct Negotiated {
  std::uint16_t peer_segment_size = 536;  ///< the peer's MSS option, or its default
  bool window_scaling = false;
  std::uint8_t peer_window_shift = 0;
  bool timestamps = false;
  bool sack = false;                   ///< the peer permits it
  bool ecn = false;                    ///< the peer asks for it
  std::uint32_t recent_timestamp = 0;  ///< TS.Recent

  /// What the peer's SYN means, given what we offer.
  static Negotiated from(const Segment& syn, const StackConfig& config);
};

/// One TCP connection. It lives in its stack's pool and belongs to one worker. Segments come in by
/// receive(); what they cause to be sent is sent by output(), once, at the end of the burst.
class Connection final : public Stream {
 public:
  /// An active open, in SYN-SENT. Sends its SYN, at `initial_send`, with the burst's output.
  Connection(Core& core, const wire::FlowKey& flow, std::uint64_t hash, const ip::Path& path,
             StreamHandler& handler, SequenceNumber initial_send);

  /// A passive open whose handshake is complete: ESTABLISHED, with our SYN at `initial_send` and
  /// the peer's at `initial_receive`. A handler follows by set_handler().
  Connection(Core& core, const wire::FlowKey& flow, std::uint64_t hash, const ip::Path& path,
             const Negotiated& negotiated, SequenceNumber initial_send,
             SequenceNumber initial_receive);

  // Stream
  void set_handler(StreamHandler& handler) override;
  void send(ByteChain data) override;
  void finish() override;
  void consume(std::size_t bytes) override;
  void close() override;
  void abort() override;
  [[nodiscard]] std::size_t unacknowledged() const override { return queue_.size(); }
  [[nodiscard]] bool starves() const override;
  void widen() override;
  [[nodiscard]] wire::Endpoint local() const override { return {flow_.local, flow_.local_port}; }
  [[nodiscard]] wire::Endpoint remote() const override { return {flow_.remote, flow_.remote_port}; }

  // For the stack.

  /// SEGMENT ARRIVES of RFC 9293 section 3.10.7, for a segment of this flow.
  void receive(Segment& segment);
  /// Sends what the present state calls for: data, FIN, ACK. False when buffers ran out or the port
  /// has no room, and it must be called again.
  bool output();
  /// An ICMP error about this flow, or no neighbour.
  void delivery_failed(const ip::DeliveryFailure& failure);
  /// Gives up what the connection holds to no purpose: bytes behind a hole that is not filled, or
  /// the whole connection when its peer does not let it send.
  void relieve_memory(MemoryPressure pressure);
  /// Takes a round-trip measurement of the handshake (passive open).
  void sample_round_trip(Duration measured) { round_trip_.sample(measured); }

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] const wire::FlowKey& flow() const { return flow_; }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }

 private:
  friend class ConnectionInspector;
  friend class ConnectionList;
  friend class Stack;

  /// The connection's one timer. It is armed for the nearest of several deadlines.
  class DeadlineTimer final : public Timer {
   public:
    explicit DeadlineTimer(Connection& owner) : owner_(owner) {}

   private:
    void on_timer(Instant now) override { owner_.on_timer(now); }
    Connection& owner_;
  };

  /// Milliseconds from one answer to a suspicious segment to the next.
  static constexpr std::uint32_t kChallengeSpacing = 500;

  enum class AckDue : std::uint8_t { kNone, kDelayed, kNow };

  Connection(Core& core, const wire::FlowKey& flow, std::uint64_t hash, const ip::Path& path);

  // connection_receive.cc
  void receive_in_syn_sent(Segment& segment);
  bool acceptable(const Segment& segment) const;
  bool passes_timestamp_check(const Segment& segment);
  bool check_reset_and_syn(const Segment& segment);
  void update_recent_timestamp(const Segment& segment);
  bool process_acknowledgment(const Segment& segment);
  bool process_new_acknowledgment(const Segment& segment);
  void tell_recovery(const Segment& segment, bool duplicate);
  void settle_recovery();
  void update_send_window(const Segment& segment);
  [[nodiscard]] std::uint32_t scaled_window(const Segment& segment) const;
  bool our_fin_acknowledged();
  bool trim_to_window(Segment& segment);
  void process_payload(Segment& segment);
  void note_congestion(const Segment& segment);
  void note_fin(const Segment& segment);
  void take_in_order(Segment& segment, wire::SackBlock repeated);
  void keep_out_of_order(Segment& segment);
  [[nodiscard]] bool holds_out_of_order() const {
    return !reassembly_.empty() || fin_at_.has_value();
  }
  bool deliver(ByteChain data);
  void process_fin();
  void establish(const Segment& segment);
  void settle_ecn(const Segment& syn_ack);
  void apply(const Negotiated& negotiated);
  void answer_unacceptable(const Segment& segment);
  [[nodiscard]] wire::SackBlock repeated_part(const Segment& segment) const;
  void report_duplicate(const wire::SackBlock& repeated);
  [[nodiscard]] bool may_challenge();
  void challenge();

  // connection_send.cc
  bool send_syn();
  bool send_data();
  std::uint32_t send_piece(std::uint32_t offset, std::uint32_t size, bool with_fin);
  [[nodiscard]] bool may_be_marked(std::uint32_t offset, std::uint32_t bytes) const;
  [[nodiscard]] SequenceNumber bare_sequence() const;
  bool send_acknowledgment(const wire::SackBlock& duplicate = {});
  [[nodiscard]] bool port_has_room();
  bool send_lost();
  void send_probe();
  [[nodiscard]] std::uint32_t congestion_room() const;
  [[nodiscard]] std::uint32_t window_room(std::uint32_t offset) const;
  [[nodiscard]] std::uint32_t largest_piece() const;
  [[nodiscard]] std::uint16_t payload_limit() const;
  [[nodiscard]] wire::TcpOptions segment_options(const wire::SackBlock& duplicate = {}) const;
  [[nodiscard]] std::uint16_t next_window_field();
  [[nodiscard]] std::uint32_t receive_limit() const;
  [[nodiscard]] std::uint32_t receive_window() const;
  void note_sent(SequenceNumber sequence, std::uint32_t length);

  // connection_timer.cc
  void on_timer(Instant now);
  void on_early_timer();
  void on_retransmission_timeout(Instant now);
  void retry_handshake();
  void probe_zero_window();
  void give_up_orphan();
  void end_orphan();
  [[nodiscard]] Instant keep_alive_deadline() const;
  void keep_alive();
  void give_up();
  void arm_timer();
  void fire_by(Instant deadline);
  void start_retransmission_timer();
  void schedule_probe();
  void note_progress();
  [[nodiscard]] Duration backed_off_timeout() const;

  // connection_path.cc
  [[nodiscard]] std::uint16_t payload_within(std::uint16_t mtu) const;
  [[nodiscard]] std::uint16_t packet_of(std::uint16_t payload) const;
  void packet_too_big(SequenceNumber sequence, std::uint16_t mtu);
  void suspect_black_hole();
  void conclude_black_hole(SequenceNumber acknowledgment);

  // connection_memory.cc
  void note_stall();
  [[nodiscard]] bool stalled_for(Duration time) const;
  [[nodiscard]] std::size_t out_of_order_charge() const;
  [[nodiscard]] bool holds_too_much(const Segment& next) const;
  void end_stalled(StreamError error);
  void note_data_round_trip(const Segment& segment);
  void tune_receive_buffer(std::uint32_t consumed);
  void grow_receive_buffer(std::uint64_t size);

  // connection.cc
  void schedule();
  void send_reset();
  void shut_down();
  void fail(StreamError error);
  void end_in_time_wait();
  void leave_table();
  void note_fin_awaited();
  void release_memory();
  void note_activity();
  [[nodiscard]] Sender sender();
  void finish_up();
  [[nodiscard]] bool synchronized() const { return state_ > State::kSynReceived; }
  /// Sent and not acknowledged, in sequence space.
  [[nodiscard]] std::uint32_t in_flight() const { return send_next_ - send_unacknowledged_; }
  /// Queued bytes and an unacknowledged or unsent FIN.
  [[nodiscard]] std::uint32_t left_to_send() const;

  // What every segment touches.
  wire::FlowKey flow_;
  State state_ = State::kClosed;
  AckDue ack_due_ = AckDue::kNone;
  bool finish_requested_ = false;  // our side has nothing to add: a FIN ends the queue
  bool fin_sent_ = false;
  bool peer_finished_ = false;  // the peer's FIN was received in order
  bool syn_due_ = false;        // ours is to be sent, perhaps again
  bool scheduled_ = false;      // on the list of connections with output
  bool released_ = false;       // on the list of connections to be freed
  bool timestamps_ = false;
  bool sack_ = false;
  bool window_scaling_ = false;
  bool awaits_fin_ = false;  // alone: closed here, and everything is acknowledged
  bool stalled_ = false;     // there is something to send and the peer's window takes hardly any
  EcnState ecn_;
  std::uint8_t send_shift_ = 0;               // Snd.Wind.Shift
  std::uint8_t receive_shift_ = 0;            // Rcv.Wind.Shift
  std::uint8_t unacknowledged_segments_ = 0;  // received since our last ACK
  std::uint8_t backoff_ = 0;                  // doublings of the retransmission timeout
  std::uint8_t keep_alive_probes_ = 0;        // sent since the peer was heard
  port::Offloads offloads_;
  StreamHandler* handler_ = nullptr;
  Core& core_;

  SequenceNumber send_unacknowledged_;     // SND.UNA
  SequenceNumber send_next_;               // SND.NXT; probes of a closed window go beyond it
  SequenceNumber send_highest_;            // behind everything ever sent
  SequenceNumber receive_next_;            // RCV.NXT
  SequenceNumber advertised_edge_;         // the right edge of the window the peer was told
  SequenceNumber window_sequence_;         // SND.WL1
  SequenceNumber window_acknowledgment_;   // SND.WL2
  std::uint32_t send_window_ = 0;          // SND.WND, bytes
  std::uint32_t largest_send_window_ = 0;  // MAX.SND.WND
  std::uint32_t unconsumed_ = 0;           // delivered, not given back by consume()
  std::uint32_t receive_buffer_;           // the largest window for this connection so far
  std::uint32_t consumed_ = 0;             // by the layer above since consumed_since_
  std::uint32_t consumed_since_ = 0;       // by the timestamp clock, without offset
  std::uint32_t data_round_trip_ = 0;      // from our ACK to data that echoes it; milliseconds
  std::uint32_t recent_timestamp_ = 0;     // TS.Recent
  std::uint32_t timestamp_offset_ = 0;
  std::uint32_t opened_at_;             // seconds of the worker's clock
  std::uint32_t retransmits_ = 0;       // segments sent again
  std::uint32_t heard_at_;              // the last segment of the peer's, by the timestamp clock
  std::uint32_t stalled_at_ = 0;        // when stalled_ became true, by the same clock
  std::uint32_t challenged_at_;         // the timestamp clock, without offset
  std::uint16_t segment_size_;          // largest payload of a segment we send
  std::uint16_t suspected_size_ = 0;    // segment_size_ before a black hole was suspected, or 0
  std::uint16_t offered_segment_size_;  // the MSS option we send
  ReorderingWindow reordering_;
  CongestionControl congestion_;
  RoundTrip round_trip_;
  std::uint64_t delivered_bytes_ = 0;     // to the layer above
  std::uint64_t acknowledged_bytes_ = 0;  // by the peer, cumulatively
  Recovery* recovery_ = nullptr;          // from the pool, while something is in flight

  // What only some segments touch.
  SendQueue queue_;
  Reassembly reassembly_;
  std::optional<SequenceNumber> fin_at_;   // the peer's, behind a hole
  SequenceNumber last_acknowledged_sent_;  // Last.ACK.sent (RFC 7323 section 4.3)
  Instant recent_timestamp_at_{};
  Instant progress_at_{};  // when the peer last acknowledged something, or had nothing to
  Instant retransmit_at_ = kNever;
  Instant acknowledge_at_ = kNever;
  Instant orphan_until_ = kNever;
  ip::NextHop next_hop_;
  std::uint64_t hash_;
  FlowRef self_;  // set by the stack
  Connection* next_in_list_ = nullptr;
  DeadlineTimer timer_;
};

static_assert(sizeof(Connection) <= 512, "an idle connection must stay small");

}  // namespace sluice::tcp
