#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "http/balancing/algorithm.h"
#include "http/balancing/lot.h"
#include "http/balancing/maglev_table.h"

namespace sluice::http {

/// Requests of the same key go to the same server. Where that one is not admitted (it is down, or
/// at its limit, or in its slow start for this key) the key is hashed again until it meets one that
/// is: only the keys of that server move, and each comes back when the server does.
class Maglev final : public ServerAlgorithm {
 public:
  /// `seed` is for requests without a key, which go anywhere.
  explicit Maglev(std::uint64_t seed) : lot_(seed) {}

  void adopt(const Rotation& rotation, const Backend& backend) override;
  std::optional<std::size_t> choose(Rotation& rotation, const Filter& filter,
                                    std::optional<std::uint64_t> key) override;

 private:
  std::shared_ptr<const MaglevTable> table_;
  Lot lot_;
};

/// The table for a backend's servers.
std::shared_ptr<const MaglevTable> make_maglev_table(const Backend& backend);

}  // namespace sluice::http
