#pragma once

#include <cstdint>
#include <random>
#include <utility>

#include "bench/load/request_template.h"
#include "bench/load/response_reader.h"
#include "bench/load/session_store.h"
#include "bench/load/settings.h"
#include "bench/load/statistics.h"
#include "dataplane/base/time.h"
#include "dataplane/base/timer_wheel.h"
#include "dataplane/buffer/packet_pool.h"
#include "dataplane/tcp/stack.h"
#include "tls/client/client_context.h"
#include "tls/environment.h"

namespace sluice::load {

class Client;

/// Who keeps the clients of a worker.
class ClientOwner {
 public:
  /// A connection can take a request.
  virtual void on_idle(Client& client) = 0;
  /// An idle connection is none any more.
  virtual void on_busy(Client& client) = 0;
  /// A client has nothing left to do; it is destroyed later, never from inside this.
  virtual void on_done(Client& client) = 0;
  /// The address the next connection comes from.
  virtual const wire::IpAddress& next_source(const wire::IpAddress& server) = 0;

 protected:
  ~ClientOwner() = default;
};

/// Numbers that no other worker gives out.
class Numbering {
 public:
  Numbering(std::uint32_t worker, std::uint32_t workers) : next_(worker), step_(workers) {}
  std::uint64_t next() { return std::exchange(next_, next_ + step_); }

 private:
  std::uint64_t next_;
  std::uint32_t step_;
};

/// What the clients of one worker share.
struct ClientCore {
  const Settings& settings;
  tcp::Stack& stack;
  PacketPool& pool;
  const Clock& clock;
  TimerWheel& timers;
  Statistics& statistics;
  ReaderTools& tools;
  ClientOwner& owner;
  const tls::ClientContext* tls_context;  ///< null when no target is secure
  tls::Environment& tls;
  SessionStore& sessions;

  // For what is in a request's placeholders.
  Numbering connections;
  Numbering requests;
  std::mt19937_64 random;
  RequestScratch scratch;

  /// Clients whose connection or TLS handshake is not complete yet.
  std::uint32_t opening = 0;
  /// Set once no new request shall begin.
  bool stopping = false;
};

}  // namespace sluice::load
