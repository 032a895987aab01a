#include <algorithm>
#include <string>
#include <string_view>

#include "control/config/answers.h"
#include "control/config/checks.h"
#include "control/config/wording.h"

namespace sluice::control {
namespace {

constexpr std::size_t kLongestBody = std::size_t{16} << 10;

bool given(Position at) {
  return at.line != 0;
}

bool is_visible(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// Where nothing that a client asks for decides on the host but its own Host field: a path alone
// must not become "//host" by what it is filled with.
bool is_location(std::string_view text) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!text.starts_with(scheme)) continue;
    text.remove_prefix(scheme.size());
    return !text.empty() && text.front() != '/' && !text.starts_with("{path}");
  }
  return text.starts_with('/') && !text.starts_with("//") && !text.starts_with("/{path}");
}

class AnswerChecks {
 public:
  explicit AnswerChecks(Diagnostics& problems) : problems_(problems) {}

  void check(const FrontendConfig& frontend) {
    const bool secure = !frontend.certificates.empty();
    exclude("redirect", frontend.redirect.at, "backend", frontend.backend.at);
    check_redirect(frontend.redirect, secure);
    for (const RouteConfig& route : frontend.routes) check(route, secure);
  }

 private:
  void check(const RouteConfig& route, bool secure) {
    const Position respond = route.respond ? route.respond->at : Position{};
    if (!given(route.backend.at) && !given(route.redirect.at) && !given(respond)) {
      problems_.error(route.at,
                      "this [[frontend.route]] needs one of 'backend', 'redirect' and 'respond'");
    }
    exclude("redirect", route.redirect.at, "backend", route.backend.at);
    exclude("respond", respond, "backend", route.backend.at);
    exclude("respond", respond, "redirect", route.redirect.at);
    check_redirect(route.redirect, secure);
    if (route.respond) check(*route.respond);
  }

  void exclude(std::string_view key, Position at, std::string_view other, Position other_at) {
    if (!given(at) || !given(other_at)) return;
    problems_.error(at, in_quotes(key) + " and " + in_quotes(other) + on_line(other_at) +
                            " exclude each other");
  }

  void check_redirect(const Located<std::string>& redirect, bool secure) {
    if (redirect.value.empty()) return;
    if (redirect.value == "https") {
      if (!secure) return;
      problems_.error(redirect.at,
                      "'redirect = \"https\"' in a frontend with 'tls.certificate' would send "
                      "clients back to it for ever");
      return;
    }
    std::string fault;
    if (!location_of(redirect.value, fault)) {
      problems_.error(redirect.at, "'redirect' has no placeholder '{" + fault +
                                       "}'; it can have '{host}' and '{path}'");
    } else if (!is_visible(redirect.value)) {
      problems_.error(redirect.at,
                      "'redirect' must be a URL without spaces and control characters in it");
    } else if (!is_location(redirect.value)) {
      problems_.error(redirect.at,
                      "'redirect' must be \"https\" or a URL such as "
                      "\"https://www.example.com{path}\", not \"" +
                          redirect.value + "\"");
    }
  }

  void check(const RespondConfig& respond) {
    if (has_no_content(respond.status.value)) {
      refuse(respond, "body", respond.body.at);
      refuse(respond, "type", respond.type.at);
    }
    if (respond.body.value.size() > kLongestBody) {
      problems_.error(respond.body.at,
                      "'body' must be at most 16KiB: larger pages belong on a server");
    }
    const std::string& type = respond.type.value;
    const bool printable =
        std::all_of(type.begin(), type.end(), [](char c) { return c >= ' ' && c < 0x7f; });
    if (!printable || type.find('/') == std::string::npos || type.front() == ' ' ||
        type.back() == ' ') {
      problems_.error(respond.type.at,
                      "'type' must be a media type such as \"text/html; charset=utf-8\"");
    }
  }

  void refuse(const RespondConfig& respond, std::string_view key, Position at) {
    if (!given(at)) return;
    problems_.error(at, in_quotes(key) + " has no meaning: a response with status " +
                            std::to_string(respond.status.value) + " has no content");
  }

  Diagnostics& problems_;
};

}  // namespace

void check_answers(const Config& config, Diagnostics& problems) {
  AnswerChecks checks(problems);
  for (const FrontendConfig& frontend : config.frontends) checks.check(frontend);
}

}  // namespace sluice::control
