#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice::http {

/// The look-up table of Maglev hashing (Eisenbud et al., NSDI 2016, section 3.4): each server fills
/// places in an order of its own until all are taken, so that shares are even and a server that
/// comes or goes moves little more than its own. The table depends on names and weights alone, not
/// on the order of the servers nor on this process: several machines agree.
class MaglevTable {
 public:
  struct Member {
    std::string name;
    std::uint32_t weight;  ///< 0: gets no place
  };

  /// Takes some nanoseconds for each place; there are at least 100 for each server.
  explicit MaglevTable(const std::vector<Member>& members);

  /// The index of a member, for the hash of a request. There are places.
  [[nodiscard]] std::size_t find(std::uint64_t key) const { return places_[key % places_.size()]; }
  /// False when no member has a weight.
  [[nodiscard]] bool empty() const { return places_.empty(); }
  [[nodiscard]] std::size_t size() const { return places_.size(); }

 private:
  std::vector<std::uint32_t> places_;
};

/// The hash of what a request is told apart by: the same in every process.
std::uint64_t request_key(const void* data, std::size_t size);

}  // namespace sluice::http
