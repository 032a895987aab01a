#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sluice::tls {

/// Finds the certificate for the name a client asks for, in constant time for any number of them.
class NameIndex {
 public:
  /// The longest name that is looked up: a DNS name is no longer (RFC 1035 section 2.3.4).
  static constexpr std::size_t kMaxName = 255;

  /// Notes that a certificate is good for a name in lower case: "www.example.com", or
  /// "*.example.com" for any one label in place of the star (RFC 6125 section 6.4.3; a star
  /// elsewhere matches nothing). Of several certificates for one name the first is kept.
  void add(std::string_view name, std::size_t certificate);

  /// The certificate for a name: exact before wildcard. Letters match in either case, and a dot at
  /// the end is ignored.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view name) const;

 private:
  // Lets a string_view be looked up without making a string of it.
  struct Hash {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): a standard name
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  using Table = std::unordered_map<std::string, std::size_t, Hash, std::equal_to<>>;

  static std::optional<std::size_t> find_in(const Table& table, std::string_view name);

  Table exact_;
  Table wildcard_;  // by what follows the star, with its dot
};

}  // namespace sluice::tls
