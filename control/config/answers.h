#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "control/config/config.h"
#include "http/answer.h"
#include "http/text_template.h"

/// What a frontend answers by itself, made of how it is written.
namespace sluice::control {

/// Statuses whose responses have no content.
constexpr bool has_no_content(std::uint32_t status) {
  return status == 204 || status == 205 || status == 304;
}

/// A `redirect`: "https", or a URL with {host} and {path}. Nothing, and what stands in the braces
/// in `fault`, when it has other placeholders.
std::optional<http::TextTemplate> location_of(std::string_view redirect, std::string& fault);

/// The answer for a `redirect` that has passed its checks; null for an empty one.
std::shared_ptr<const http::Answer> redirection(std::string_view redirect);

/// The answer of a route that has passed its checks; null when it has a backend.
std::shared_ptr<const http::Answer> answer_of(const RouteConfig& route);

}  // namespace sluice::control
