#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace sluice {

/// An index that cannot be mistaken for another kind of index.
/// `Tag` is a type that exists only to tell ids apart: `using PortId = Id<struct PortTag>;`.
template <typename Tag, typename Rep = std::uint32_t>
class Id {
 public:
  using rep = Rep;

  constexpr Id() = default;
  constexpr explicit Id(Rep value) : value_(value) {}

  [[nodiscard]] constexpr Rep value() const { return value_; }
  [[nodiscard]] constexpr std::size_t index() const { return value_; }
  /// False for a default-constructed id, which names nothing.
  [[nodiscard]] constexpr bool valid() const { return value_ != kNone; }

  friend constexpr auto operator<=>(Id, Id) = default;

 private:
  static constexpr Rep kNone = std::numeric_limits<Rep>::max();
  Rep value_ = kNone;
};

}  // namespace sluice

template <typename Tag, typename Rep>
struct std::hash<sluice::Id<Tag, Rep>> {
  std::size_t operator()(sluice::Id<Tag, Rep> id) const { return std::hash<Rep>{}(id.value()); }
};
