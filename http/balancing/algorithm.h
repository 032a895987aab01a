#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "http/balancing/rotation.h"

namespace sluice::http {

/// How one worker chooses among the servers that a filter admits.
class ServerAlgorithm {
 public:
  ServerAlgorithm() = default;
  ServerAlgorithm(const ServerAlgorithm&) = delete;
  ServerAlgorithm& operator=(const ServerAlgorithm&) = delete;
  virtual ~ServerAlgorithm() = default;

  /// The servers are others than before, or have other weights.
  virtual void adopt(const Rotation& /*rotation*/, const Backend& /*backend*/) {}

  /// `key` is the hash of what the request is told apart by; nothing when the backend does not
  /// hash, or the request has nothing of the kind. Nothing is returned only when no server is
  /// admitted.
  virtual std::optional<std::size_t> choose(Rotation& rotation, const Filter& filter,
                                            std::optional<std::uint64_t> key) = 0;
};

/// `worker` and `seed` set the workers' first choices apart.
std::unique_ptr<ServerAlgorithm> make_algorithm(Algorithm algorithm, std::uint32_t worker,
                                                std::uint64_t seed);

}  // namespace sluice::http
