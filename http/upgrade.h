#pragma once

#include <string_view>

/// What a request's Upgrade may bring about (RFC 9110 section 7.8).
namespace sluice::http {

/// Whether a server may be asked for these protocols on a client's behalf: a list of at most eight
/// names, each with a version or without, none of which is HTTP or TLS by any name. Behind a switch
/// to one of those ("h2c" foremost) a client could send requests that no rule of ours sees.
[[nodiscard]] bool may_ask_for(std::string_view protocols);

/// Whether what a 101 switches to is nothing but what was asked for with `asked`, which
/// may_ask_for() allows.
[[nodiscard]] bool was_asked_for(std::string_view switched_to, std::string_view asked);

}  // namespace sluice::http
