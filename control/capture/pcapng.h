#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "dataplane/capture/capture_filter.h"

/// The blocks of a pcapng file (draft-ietf-opsawg-pcapng), in this machine's byte order, with
/// Ethernet frames and times in nanoseconds since 1970.
namespace sluice::control::pcapng {

/// The beginning of a file.
std::string section(std::string_view application);

/// An interface; they are numbered from 0 in the order of their blocks.
std::string interface(std::string_view name, std::uint32_t snap_length);

struct Frame {
  std::uint32_t interface = 0;
  std::uint64_t time = 0;
  capture::Direction direction = capture::Direction::kIn;
  std::uint32_t length = 0;  ///< before it was cut
  std::span<const std::uint8_t> bytes;
  std::string_view comment;  ///< may be empty
};
std::string packet(const Frame& frame);

/// What is known of an interface at the end: the frames that were lost for want of room.
std::string statistics(std::uint32_t interface, std::uint64_t time, std::uint64_t lost);

}  // namespace sluice::control::pcapng
