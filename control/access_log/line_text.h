#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "dataplane/base/time.h"
#include "dataplane/wire/ip_address.h"

/// What lines consist of, written at the end of a text. Nothing is allocated once the text has
/// grown to the size of its lines: there may be hundreds of thousands a second.
namespace sluice::control {

void append_number(std::int64_t number, std::string& into);
void append_number(std::uint64_t number, std::string& into);

/// Exactly `digits` digits, at most 9, with zeros before.
void append_padded(std::uint32_t number, unsigned digits, std::string& into);

/// As IpAddress::to_string().
void append_address(const wire::IpAddress& address, std::string& into);

/// "2026-11-23T15:32:30.123456Z" (RFC 3339), for years of four digits.
void append_utc(std::chrono::system_clock::time_point time, std::string& into);

/// Milliseconds with three places behind the point. The duration is not negative.
void append_milliseconds(Duration duration, std::string& into);

}  // namespace sluice::control
