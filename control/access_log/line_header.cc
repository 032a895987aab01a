#include "control/access_log/line_header.h"

#include <unistd.h>

#include <array>
#include <ctime>

namespace sluice::control {

void LineHeader::append(std::int64_t at, std::string& into) {
  if (at != second_) {
    second_ = at;
    const auto time = static_cast<std::time_t>(at);
    std::tm local{};
    ::localtime_r(&time, &local);
    std::array<char, 32> text;
    const std::size_t size = std::strftime(text.data(), text.size(), "%b %e %H:%M:%S ", &local);
    text_ = before_ + std::string(text.data(), size) + behind_;
  }
  into += text_;
}

std::string program_name(const std::string& tag) {
  return tag + '[' + std::to_string(::getpid()) + "]: ";
}

}  // namespace sluice::control
