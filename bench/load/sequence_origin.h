#pragma once

#include "dataplane/tcp/config.h"

namespace sluice::load {

/// The same secret in every run until the machine starts again, and the time since its start. A
/// server that closed the last run's connections remembers their timestamps for a minute, and would
/// keep a SYN with older ones from the same port waiting (RFC 6191 section 2). Throws
/// std::runtime_error when the kernel does not tell them.
tcp::SequenceOrigin sequence_origin_of_this_machine();

}  // namespace sluice::load
