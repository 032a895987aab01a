#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::load {

/// "http://host:port/path?query", with a weight behind it: "...=3".
struct Url {
  bool secure = false;
  std::string host;  ///< without port and brackets
  std::uint16_t port = 80;
  std::string target;  ///< path and query; at least "/"
  std::uint32_t weight = 1;

  /// As wire::Endpoint::parse() reads it.
  [[nodiscard]] std::string host_and_port() const;
  /// The Host field: without the scheme's own port.
  [[nodiscard]] std::string authority() const;
};

/// Throws std::invalid_argument with a message for the operator.
Url parse_url(const std::string& text);

/// What a request has beside its URL.
struct RequestParts {
  std::string method = "GET";
  std::vector<std::string> headers;  ///< "Name: value"
  std::string body;
  bool close = false;  ///< asks the server to close the connection
};

/// The whole request, ready to be sent. Throws std::invalid_argument for a header or method that
/// would make it another message.
std::string request_for(const Url& url, const RequestParts& parts);

}  // namespace sluice::load
