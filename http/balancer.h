#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "dataplane/base/time.h"
#include "http/server_health.h"
#include "http/settings.h"

namespace sluice::http {

/// What a balancer may ask about the servers of its backend.
class ServerView {
 public:
  [[nodiscard]] virtual const ServerHealth& health(ServerId server) const = 0;

 protected:
  ~ServerView() = default;
};

/// A balancer's decision.
struct ServerChoice {
  std::size_t index;         ///< into Backend::servers
  bool last_resort = false;  ///< every server is passed over at present: one attempt, no more
};

/// Chooses a server of one backend for an attempt, in one worker. An algorithm is a class of its
/// own; what it needs to know of the request comes with `choose`.
class Balancer {
 public:
  Balancer() = default;
  Balancer(const Balancer&) = delete;
  Balancer& operator=(const Balancer&) = delete;
  virtual ~Balancer() = default;

  /// `tried` are servers on which this request has failed; they are avoided while there are
  /// others. Nothing only when the backend has no servers.
  virtual std::optional<ServerChoice> choose(const Backend& backend, const ServerView& servers,
                                             std::span<const ServerId> tried, Instant now) = 0;
};

/// Each server in turn. Servers that are passed over do not give their turn to the next one alone:
/// the turn moves on from the one that was chosen.
class RoundRobin final : public Balancer {
 public:
  /// `start` sets the first turn apart between workers.
  explicit RoundRobin(std::uint32_t start = 0) : next_(start) {}

  std::optional<ServerChoice> choose(const Backend& backend, const ServerView& servers,
                                     std::span<const ServerId> tried, Instant now) override;

 private:
  std::size_t next_;
};

}  // namespace sluice::http
