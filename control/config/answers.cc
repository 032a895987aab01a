#include "control/config/answers.h"

#include <array>
#include <utility>

#include "http/reason_phrase.h"

namespace sluice::control {
namespace {

constexpr std::array kInLocations{http::Placeholder::kHost, http::Placeholder::kPath};

http::Answer fixed_answer(const RespondConfig& respond) {
  const std::uint32_t status = respond.status.value;
  std::string body = respond.body.value;
  if (body.empty()) {
    body = std::to_string(status) + " " + std::string(http::reason_phrase(status)) + "\n";
  }
  return http::Answer::fixed(status, respond.type.value, std::move(body));
}

}  // namespace

std::optional<http::TextTemplate> location_of(std::string_view redirect, std::string& fault) {
  return http::TextTemplate::parse(redirect == "https" ? "https://{host}{path}" : redirect,
                                   kInLocations, fault);
}

std::shared_ptr<const http::Answer> redirection(std::string_view redirect) {
  if (redirect.empty()) return nullptr;
  std::string fault;
  return std::make_shared<const http::Answer>(
      http::Answer::redirect(location_of(redirect, fault).value()));
}

std::shared_ptr<const http::Answer> answer_of(const RouteConfig& route) {
  if (!route.respond) return redirection(route.redirect.value);
  return std::make_shared<const http::Answer>(fixed_answer(*route.respond));
}

}  // namespace sluice::control
