#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "http/balancing/algorithm.h"
#include "http/balancing/rotation.h"

namespace sluice::http {

/// A balancer's decision.
struct ServerChoice {
  enum class Kind : std::uint8_t {
    kServer,
    kFull,  ///< there are servers, and all are at their limits
    kNone,  ///< there is none that could be tried
  };
  Kind kind = Kind::kNone;
  std::size_t index = 0;     ///< into Backend::servers
  bool last_resort = false;  ///< live traffic has failed on all servers: one attempt, no more
};

/// Chooses a server of one backend for an attempt, in one worker: first among the servers that are
/// fit and have not failed this request, then also those that have; backups only while no other
/// server is fit. The algorithm decides among equals.
class Balancer {
 public:
  Balancer(FleetState& fleet, std::uint32_t worker, std::uint64_t seed)
      : fleet_(fleet), worker_(worker), seed_(seed), rotation_(fleet, worker) {}

  /// Takes over a snapshot's backend, which stays until the next call.
  void adopt(const Backend& backend);

  /// `tried` are servers on which this request has failed, `key` what ServerAlgorithm::choose()
  /// wants.
  ServerChoice choose(std::span<const ServerId> tried, std::optional<std::uint64_t> key,
                      Instant now);
  /// Whether it may say kFull at all.
  [[nodiscard]] bool limited() const { return limited_; }
  /// Whether choose() would not say kFull.
  [[nodiscard]] bool has_place(Instant now) const;

 private:
  [[nodiscard]] bool backend_full() const;
  [[nodiscard]] bool any(const Filter& filter) const;
  ServerChoice choose_in_tier(Filter filter, std::optional<std::uint64_t> key);
  ServerChoice last_resort(Filter filter, std::optional<std::uint64_t> key);

  FleetState& fleet_;
  std::uint32_t worker_;
  std::uint64_t seed_;
  Rotation rotation_;
  const Backend* backend_ = nullptr;
  std::unique_ptr<ServerAlgorithm> algorithm_;
  std::optional<Algorithm> kind_;
  bool limited_ = false;
};

}  // namespace sluice::http
