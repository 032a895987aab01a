#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tls/certificate/key_type.h"

namespace sluice::tls {

/// Certificates by the type of their key: at most one of each.
class Candidates {
 public:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  Candidates() { by_type_.fill(kNone); }
  /// Of several of one type the first is kept.
  void add(KeyType type, std::uint32_t certificate) {
    std::uint32_t& place = by_type_[static_cast<std::size_t>(type)];
    if (place == kNone) place = certificate;
  }
  [[nodiscard]] std::uint32_t of(KeyType type) const {
    return by_type_[static_cast<std::size_t>(type)];
  }

 private:
  std::array<std::uint32_t, kKeyTypes> by_type_;
};

/// Finds the certificates for the name a client asks for, in constant time for any number of them.
class NameIndex {
 public:
  /// The longest name that is looked up: a DNS name is no longer (RFC 1035 section 2.3.4).
  static constexpr std::size_t kMaxName = 255;

  /// Either may be null.
  struct Found {
    const Candidates* exact = nullptr;
    const Candidates* wildcard = nullptr;
    [[nodiscard]] bool any() const { return exact != nullptr || wildcard != nullptr; }
  };

  /// Notes that a certificate is good for a name in lower case: "www.example.com", or
  /// "*.example.com" for any one label in place of the star (RFC 6125 section 6.4.3; a star
  /// elsewhere matches nothing).
  void add(std::string_view name, KeyType type, std::uint32_t certificate);

  /// The certificates for a name. Letters match in either case, and a dot at the end is ignored.
  [[nodiscard]] Found find(std::string_view name) const;

 private:
  // Lets a string_view be looked up without making a string of it.
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): a standard name
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Table = std::unordered_map<std::string, Candidates, Hash, std::equal_to<>>;

  static const Candidates* find_in(const Table& table, std::string_view name);

  Table exact_;
  Table wildcard_;  // by what follows the star, with its dot
};

}  // namespace sluice::tls
