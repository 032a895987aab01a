#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bench/load/text_template.h"
#include "bench/load/url.h"

namespace sluice::load {

/// What a request has beside its URL.
struct RequestParts {
  std::string method = "GET";
  std::vector<std::string> headers;  ///< "Name: value", with placeholders
  std::string body;
  bool body_has_placeholders = true;  ///< else its braces mean themselves
  bool close = false;                 ///< asks the server to close the connection
};

/// Where a worker makes its requests; of no meaning between them.
struct RequestScratch {
  std::string text;
  std::string body;
};

/// A whole request, ready to be sent as often as one likes. TextTemplate says which placeholders
/// its path, Host, headers and body may have; Content-Length is that of each filled body.
class RequestTemplate {
 public:
  RequestTemplate() = default;
  /// Throws std::invalid_argument for a header or method that would make it another message.
  RequestTemplate(const Url& url, const RequestParts& parts);

  /// The message for these values. Valid until `scratch` is used again.
  [[nodiscard]] std::string_view message(const TemplateValues& values,
                                         RequestScratch& scratch) const;

 private:
  TextTemplate head_;  // up to the fields that close it
  TextTemplate body_;
  bool has_body_ = false;
  std::string whole_;  // the message, when it is always the same
};

}  // namespace sluice::load
