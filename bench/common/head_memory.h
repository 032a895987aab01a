#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace sluice::bench {

/// The latest message head that was parsed, byte for byte, and what it came to: the same peer sends
/// the same one again and again, and to compare costs a tenth of parsing. One for each worker.
template <typename Facts>
class HeadMemory {
 public:
  /// The size of the known head if `bytes` begin with it, else 0.
  [[nodiscard]] std::size_t match(std::span<const std::uint8_t> bytes) const {
    const bool same = !head_.empty() && bytes.size() >= head_.size() &&
                      std::memcmp(bytes.data(), head_.data(), head_.size()) == 0;
    return same ? head_.size() : 0;
  }
  [[nodiscard]] const Facts& facts() const { return facts_; }

  /// Keeps a complete head, with its empty line.
  void remember(std::string_view head, const Facts& facts) {
    head_ = head;
    facts_ = facts;
  }

 private:
  std::string head_;
  Facts facts_;
};

}  // namespace sluice::bench
