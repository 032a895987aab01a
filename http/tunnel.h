#pragma once

#include <cstddef>
#include <cstdint>

#include "dataplane/base/timer_wheel.h"
#include "dataplane/buffer/byte_chain.h"
#include "dataplane/stream.h"
#include "http/access_log/end_cause.h"
#include "http/counters.h"
#include "http/forward_window.h"
#include "http/upstream_stream.h"

namespace sluice::http {

/// How a tunnel ended.
enum class TunnelEnd : std::uint8_t {
  kFinished,  ///< both sides have sent their end
  kIdle,      ///< nothing moved for too long
  kClientFailed,
  kServerFailed,
};

EndCause cause_of(TunnelEnd end);

class TunnelOwner {
 public:
  /// The tunnel has let go of both streams, and is done. It may be destroyed once this and what
  /// called it have returned.
  virtual void on_tunnel_end(TunnelEnd end) = 0;

 protected:
  ~TunnelOwner() = default;
};

/// Where the bytes of a tunnel are counted; all of it outlives the tunnel.
struct TunnelCounters {
  FrontendCounters& frontend;
  BackendCounters& backend;
  ServerCounters& server;
};

/// A client's stream and a server's, spliced: what comes on one is sent on the other, by reference,
/// with its end (a half-closed tunnel goes on in the other direction), until both have ended, one
/// fails, or nothing has moved for too long. When one fails, or time is up, the other is reset:
/// what its peer has must not look whole.
///
/// A side's window opens as the other side's peer acknowledges, so that one direction holds no more
/// than one receive window. Nothing here depends on a snapshot: tunnels outlive reloads.
class Tunnel final : private Timer {
 public:
  /// `idle`: for how long there may be no progress on either side.
  Tunnel(TunnelOwner& owner, TimerWheel& wheel, const TunnelCounters& counters, Duration idle);
  /// Resets what has not ended.
  ~Tunnel();

  /// Begins, with two open streams. `received` came from the client and is not consumed; `ended`:
  /// so has its end. The owner is not told of anything before this returns.
  void start(Stream& client, ByteChain received, bool ended, UpstreamStream server);

  /// So far, with what start() was given.
  [[nodiscard]] std::uint64_t bytes_from_client() const { return client_.received; }
  [[nodiscard]] std::uint64_t bytes_from_server() const { return server_.received; }

  /// Resets both sides without telling the owner. Does nothing when the tunnel has ended.
  void abort();

 private:
  class Side final : public StreamHandler {
   public:
    explicit Side(Tunnel& tunnel) : tunnel_(tunnel) {}

    void on_data(ByteChain data) override { tunnel_.pass(*this, std::move(data)); }
    void on_end() override { tunnel_.pass_end(*this); }
    void on_acknowledged(std::size_t /*bytes*/) override { tunnel_.open_window(*this); }
    void on_failure(StreamError /*error*/) override { tunnel_.failed(*this); }

    Stream* stream = nullptr;
    ForwardWindow window;  // of what came on this side
    std::uint64_t received = 0;
    bool ended = false;  // its peer has sent its end

   private:
    Tunnel& tunnel_;
  };

  void on_timer(Instant now) override;
  void pass(Side& from, ByteChain data);
  void forward(Side& from, ByteChain data);
  void pass_end(Side& from);
  void open_window(Side& acknowledged);
  void failed(Side& side);
  void let_go(void (Stream::*how)());
  void progress() { wheel_.arm_after(*this, idle_); }
  [[nodiscard]] Side& other(const Side& side) { return &side == &client_ ? server_ : client_; }

  TunnelOwner& owner_;
  TimerWheel& wheel_;
  TunnelCounters counters_;
  Duration idle_;
  Side client_{*this};
  Side server_{*this};
  UpstreamStream upstream_;
  bool answered_ = false;  // something has come from the server
};

}  // namespace sluice::http
