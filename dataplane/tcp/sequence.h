#pragma once

#include <cstdint>

namespace sluice::tcp {

/// A TCP sequence number: a point on a circle of 2^32 (RFC 9293 section 3.4). Comparisons mean
/// "before" and "after" on the circle and hold for numbers less than 2^31 apart.
class SequenceNumber {
 public:
  constexpr SequenceNumber() = default;
  constexpr explicit SequenceNumber(std::uint32_t value) : value_(value) {}

  [[nodiscard]] constexpr std::uint32_t value() const { return value_; }

  constexpr SequenceNumber& operator+=(std::uint32_t bytes) {
    value_ += bytes;
    return *this;
  }
  friend constexpr SequenceNumber operator+(SequenceNumber number, std::uint32_t bytes) {
    return number += bytes;
  }
  friend constexpr SequenceNumber operator-(SequenceNumber number, std::uint32_t bytes) {
    return SequenceNumber(number.value_ - bytes);
  }
  /// How far `a` is behind `b`, modulo 2^32: for numbers known to be in this order.
  friend constexpr std::uint32_t operator-(SequenceNumber a, SequenceNumber b) {
    return a.value_ - b.value_;
  }

  friend constexpr bool operator==(SequenceNumber, SequenceNumber) = default;
  friend constexpr bool operator<(SequenceNumber a, SequenceNumber b) {
    return static_cast<std::int32_t>(a.value_ - b.value_) < 0;
  }
  friend constexpr bool operator>(SequenceNumber a, SequenceNumber b) { return b < a; }
  friend constexpr bool operator<=(SequenceNumber a, SequenceNumber b) { return !(b < a); }
  friend constexpr bool operator>=(SequenceNumber a, SequenceNumber b) { return !(a < b); }

 private:
  std::uint32_t value_ = 0;
};

constexpr SequenceNumber later_of(SequenceNumber a, SequenceNumber b) {
  return a < b ? b : a;
}
constexpr SequenceNumber earlier_of(SequenceNumber a, SequenceNumber b) {
  return a < b ? a : b;
}

}  // namespace sluice::tcp
