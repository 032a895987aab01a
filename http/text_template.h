#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/wire/ip_address.h"
#include "http/head_writer.h"

namespace sluice::http {

/// What can stand in a configured text for something of the request: "{client}" and so on.
enum class Placeholder : std::uint8_t {
  kClient,      ///< {client}: the client's address
  kFrontend,    ///< {frontend}: the frontend's name
  kHost,        ///< {host}: the host asked for, without port
  kPath,        ///< {path}: path and query
  kTlsVersion,  ///< {tls_version}: "TLSv1.3"; "" without TLS
  kId,          ///< {id}: 32 hexadecimal digits that no other request has
};

std::string_view to_string(Placeholder placeholder);

/// 128 bits that no other request has, and that tell nothing of any other.
struct RequestTag {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

/// What placeholders stand for in one request; the views outlive the call they are given to.
struct TemplateValues {
  wire::IpAddress client{};
  std::string_view frontend{};
  std::string_view host{};
  std::string_view target{};  ///< as in RequestHead::target
  std::string_view tls_version{};
  RequestTag tag{};
};

/// A text with placeholders, taken apart when it is configured.
class TextTemplate {
 public:
  /// Nothing when the text has a placeholder that is not `allowed`: `fault` is what stands in it.
  /// Braces around anything but lower-case letters and '_' are text.
  static std::optional<TextTemplate> parse(std::string_view text,
                                           std::span<const Placeholder> allowed,
                                           std::string& fault);
  TextTemplate() = default;
  /// Text without placeholders.
  explicit TextTemplate(std::string_view text) { add_text(text); }

  void write(HeadWriter& writer, const TemplateValues& values) const;
  [[nodiscard]] bool uses(Placeholder placeholder) const;

 private:
  struct Part {
    std::string text;
    std::optional<Placeholder> behind;  // the text
  };

  void add_text(std::string_view text);

  std::vector<Part> parts_;
};

}  // namespace sluice::http
