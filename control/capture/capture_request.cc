#include "control/capture/capture_request.h"

#include "control/admin/arguments.h"
#include "control/config/quantity.h"
#include "control/config/wording.h"

namespace sluice::control {

std::optional<CaptureRequest> CaptureRequest::parse(std::span<const std::string> arguments,
                                                    std::string& problem) {
  CaptureRequest request;
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string& name = arguments[i];
    if (i + 1 < arguments.size() && request.set(name, arguments[i + 1])) continue;
    problem = in_quotes(name.substr(0, 64)) +
              " is not understood; the arguments are: " + std::string(kArguments);
    return {};
  }
  return request;
}

bool CaptureRequest::set(std::string_view name, const std::string& value) {
  if (name == "port") {
    port = value;
    return !port.empty();
  }
  if (name == "remote") return (filter.remote = parse_network(value)).has_value();
  if (name == "direction") return set_direction(value);
  if (name == "duration") {
    const auto time = parse_duration(value);
    if (time) duration = *time;
    return time && *time > Duration::zero() && *time <= kLongestDuration;
  }
  const bool of_port = name == "local-port";
  const bool of_size = name == "snaplen";
  if (!of_port && !of_size && name != "count") return false;
  const auto number =
      parse_number(value, of_size ? 14 : 1, of_port || of_size ? kLargestSnapLength : UINT64_MAX);
  if (!number) return false;
  if (of_port) {
    filter.local_port = static_cast<std::uint16_t>(*number);
  } else if (of_size) {
    snap_length = static_cast<std::uint32_t>(*number);
  } else {
    count = *number;
  }
  return true;
}

bool CaptureRequest::set_direction(std::string_view value) {
  if (value == "in") filter.direction = capture::Direction::kIn;
  if (value == "out") filter.direction = capture::Direction::kOut;
  if (value == "both") filter.direction.reset();
  return value == "in" || value == "out" || value == "both";
}

}  // namespace sluice::control
