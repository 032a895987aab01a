#include "bench/load/sequence_origin.h"

#include <charconv>
#include <chrono>
#include <ctime>
#include <fstream>
#include <stdexcept>
#include <string>

namespace sluice::load {
namespace {

// A random UUID that nobody else on the network learns (proc_sys_kernel(5)).
constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";
constexpr std::size_t kWordDigits = 16;

std::uint64_t hexadecimal(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    throw std::runtime_error(std::string(kBootId) + ": not a UUID");
  }
  return value;
}

HashKey boot_key() {
  std::string id;
  if (!(std::ifstream(kBootId) >> id)) {
    throw std::runtime_error(std::string(kBootId) + ": cannot be read");
  }
  std::erase(id, '-');
  if (id.size() != 2 * kWordDigits) throw std::runtime_error(std::string(kBootId) + ": not a UUID");
  const std::string_view digits = id;
  return {hexadecimal(digits.substr(0, kWordDigits)), hexadecimal(digits.substr(kWordDigits))};
}

Duration time_since_boot() {
  timespec time{};
  if (clock_gettime(CLOCK_BOOTTIME, &time) != 0) {
    throw std::runtime_error("the time since the machine's start cannot be read");
  }
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

tcp::SequenceOrigin sequence_origin_of_this_machine() {
  return {boot_key(), time_since_boot()};
}

}  // namespace sluice::load
