#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>

#include "control/config/config.h"
#include "http/header_edits.h"
#include "http/text_template.h"

/// What a frontend changes in header fields, made of how it is written.
namespace sluice::control {

/// What can stand in the values.
inline constexpr std::array kInRequests{
    http::Placeholder::kClient, http::Placeholder::kFrontend,   http::Placeholder::kHost,
    http::Placeholder::kPath,   http::Placeholder::kTlsVersion, http::Placeholder::kId};
inline constexpr std::array kInResponses{http::Placeholder::kClient, http::Placeholder::kFrontend,
                                         http::Placeholder::kTlsVersion, http::Placeholder::kId};

/// Whether a name is "Host", which stands apart from the other fields.
bool is_host_field(std::string_view name);

/// Edits that have passed their checks, but for Host; null when there are none.
std::shared_ptr<const http::HeaderEdits> header_edits(
    const FieldEditsConfig& config, std::span<const http::Placeholder> placeholders);

/// What Host is set to; empty: nothing.
std::string host_of(const FieldEditsConfig& config);

}  // namespace sluice::control
