#pragma once

#include <cstdint>
#include <string>

namespace sluice::load {

/// "http://host:port/path?query", with a weight behind it: "...=3". Host and path may have
/// placeholders, which are text to it.
struct Url {
  bool secure = false;
  std::string host;  ///< without port and brackets
  std::uint16_t port = 80;
  std::string target;  ///< path and query; at least "/"
  std::uint32_t weight = 1;

  /// As wire::Endpoint::parse() reads it.
  [[nodiscard]] std::string host_and_port() const;
  /// As it was given, without its weight.
  [[nodiscard]] std::string text() const;
  /// The Host field: without the scheme's own port.
  [[nodiscard]] std::string authority() const;
};

/// Throws std::invalid_argument with a message for the operator.
Url parse_url(const std::string& text);

}  // namespace sluice::load
