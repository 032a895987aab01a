#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "control/config/checks.h"
#include "control/config/header_edits.h"
#include "control/config/wording.h"
#include "http/authority.h"
#include "http/characters.h"
#include "http/field.h"

namespace sluice::control {
namespace {

using http::FieldKind;

// RFC 9110 section 5.5, without space at the ends.
bool is_field_value(std::string_view text) {
  const auto bad = [](char c) {
    const auto octet = static_cast<unsigned char>(c);
    return (octet < ' ' && octet != '\t') || octet == 0x7f;
  };
  return std::none_of(text.begin(), text.end(), bad) && http::trim(text).size() == text.size();
}

std::string placeholders_in_words(std::span<const http::Placeholder> placeholders) {
  std::string words;
  for (const http::Placeholder each : placeholders) {
    words += (words.empty() ? "'{" : ", '{") + std::string(to_string(each)) + "}'";
  }
  return words;
}

// The edits of requests, or of responses, of one frontend.
class EditChecks {
 public:
  EditChecks(const FrontendConfig& frontend, std::string message,
             std::span<const http::Placeholder> placeholders, Diagnostics& problems)
      : frontend_(frontend),
        message_(std::move(message)),
        placeholders_(placeholders),
        problems_(problems) {}

  void check(const FieldEditsConfig& edits) {
    for (const FieldConfig& field : edits.set) {
      if (message_ == "request" && is_host_field(field.name.value)) {
        check_host(field.value);
      } else {
        check(field, ".set");
      }
    }
    for (const FieldConfig& field : edits.add) check(field, ".add");
    for (const auto& name : edits.remove) check_name(name, ".remove");
  }

 private:
  void check(const FieldConfig& field, std::string_view verb) {
    check_name(field.name, verb);
    const std::string key = message_ + std::string(verb) + "." + field.name.value;
    if (!is_field_value(field.value.value)) {
      problems_.error(
          field.value.at,
          in_quotes(key) + " must be one line, without control characters or space at its ends");
      return;
    }
    std::string fault;
    if (http::TextTemplate::parse(field.value.value, placeholders_, fault)) return;
    problems_.error(field.value.at, in_quotes(key) + " has no placeholder '{" + fault +
                                        "}'; it can have " + placeholders_in_words(placeholders_));
  }

  void check_name(const Located<std::string>& name, std::string_view verb) {
    const std::string key = message_ + std::string(verb);
    if (!http::is_token(name.value)) {
      problems_.error(
          name.at, in_quotes(key) + ": " + in_quotes(name.value) + " is no name of a header field");
      return;
    }
    const std::string why = why_not(name.value);
    if (why.empty()) return;
    problems_.error(name.at, in_quotes(key) + ": " + in_quotes(name.value) + " " + why);
  }

  // Why a field is none of the operator's, or "".
  [[nodiscard]] std::string why_not(std::string_view name) const {
    switch (http::kind_of(name)) {
      case FieldKind::kHost:
        return message_ == "request" ? "can be set, nothing else" : "belongs in requests";
      case FieldKind::kContentLength:
      case FieldKind::kTransferEncoding:
        return "says where a message ends, which Sluice does";
      case FieldKind::kConnection:
      case FieldKind::kHopByHop:
      case FieldKind::kUpgrade:
      case FieldKind::kExpect:
        return "is a matter of each connection, which Sluice sees to";
      case FieldKind::kClientCertificate:
        return "is what Sluice alone says of client certificates";
      case FieldKind::kForwardedFor:
      case FieldKind::kForwardedProto:
      case FieldKind::kForwardedHost:
        if (message_ == "request" && frontend_.forwarded) {
          return "is set by Sluice unless 'forwarded = false'";
        }
        return {};
      case FieldKind::kOther:
        break;
    }
    if (http::equals_ignoring_case(name, "via") && frontend_.via) {
      return "is added to by Sluice unless 'via = false'";
    }
    return {};
  }

  void check_host(const Located<std::string>& host) {
    if (host.value.empty() || http::parse_authority(host.value)) return;
    problems_.error(host.at,
                    "'request.set.Host' must be a host name or address, with a port or "
                    "without, not \"" +
                        host.value + "\"");
  }

  const FrontendConfig& frontend_;
  std::string message_;
  std::span<const http::Placeholder> placeholders_;
  Diagnostics& problems_;
};

}  // namespace

void check_header_edits(const Config& config, Diagnostics& problems) {
  for (const FrontendConfig& frontend : config.frontends) {
    EditChecks(frontend, "request", kInRequests, problems).check(frontend.request);
    EditChecks(frontend, "response", kInResponses, problems).check(frontend.response);
  }
}

}  // namespace sluice::control
