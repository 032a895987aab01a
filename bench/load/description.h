#pragma once

#include <string>
#include <utility>
#include <vector>

#include "bench/load/settings.h"

namespace sluice::load {

/// The mode's name on the command line.
const char* name_of(Mode mode);
/// What the load is counted in: "connections", "handshakes" or "good responses".
const char* noun_of(Mode mode);
/// "not verified", "verified", or "verified, once each": what was declared to make the client
/// cheaper is part of the result.
const char* verification_text(const tls::ClientSettings& settings);
/// ", each key share for up to N handshakes" if that was declared, else nothing.
std::string key_share_text(const tls::ClientSettings& settings);

/// The settings that shape what is measured, as names and values for people.
std::vector<std::pair<std::string, std::string>> describe(const Settings& settings);

}  // namespace sluice::load
