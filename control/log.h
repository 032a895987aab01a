#pragma once

#include <string>

#include "control/config/config.h"
#include "dataplane/port/dpdk_log.h"

/// Messages for the operator, on standard error. Not for the packet path.
namespace sluice::control {

/// Sets the least important messages that are still written.
void set_log_level(LogLevel level);

void log_debug(const std::string& message);
void log_info(const std::string& message);
void log_warning(const std::string& message);
void log_error(const std::string& message);

/// Takes DPDK's messages into this log.
port::LogSink dpdk_log_sink();

}  // namespace sluice::control
