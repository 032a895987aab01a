#include "control/log.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace sluice::control {
namespace {

spdlog::level::level_enum to_spdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      break;
  }
  return spdlog::level::err;
}

// DPDK is talkative: what it calls information is for who looks for a fault.
spdlog::level::level_enum to_spdlog(port::LogLevel level) {
  switch (level) {
    case port::LogLevel::kError:
      return spdlog::level::err;
    case port::LogLevel::kWarning:
      return spdlog::level::warn;
    default:
      return spdlog::level::debug;
  }
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto made = std::make_shared<spdlog::logger>(
        "sluice", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
    made->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%l%$ %v");
    made->flush_on(spdlog::level::trace);
    return made;
  }();
  return *instance;
}

}  // namespace

void set_log_level(LogLevel level) {
  logger().set_level(to_spdlog(level));
}

void log_debug(const std::string& message) {
  logger().debug(message);
}
void log_info(const std::string& message) {
  logger().info(message);
}
void log_warning(const std::string& message) {
  logger().warn(message);
}
void log_error(const std::string& message) {
  logger().error(message);
}

port::LogSink dpdk_log_sink() {
  return [](port::LogLevel level, std::string_view line) {
    logger().log(to_spdlog(level), "DPDK: {}", line);
  };
}

}  // namespace sluice::control
