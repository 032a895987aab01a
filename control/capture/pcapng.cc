#include "control/capture/pcapng.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace sluice::control::pcapng {
namespace {

constexpr std::uint32_t kSection = 0x0a0d0d0a;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kStatistics = 5;
constexpr std::uint32_t kPacket = 6;

constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint16_t kEthernet = 1;

// Option codes count anew in each kind of block.
constexpr std::uint16_t kEndOfOptions = 0;
constexpr std::uint16_t kComment = 1;
constexpr std::uint16_t kSectionApplication = 4;
constexpr std::uint16_t kInterfaceName = 2;
constexpr std::uint16_t kInterfaceResolution = 9;
constexpr std::uint16_t kPacketFlags = 2;
constexpr std::uint16_t kStatisticsDropped = 5;

constexpr std::uint8_t kNanoseconds = 9;  // 10^-9 s
constexpr std::uint32_t kInbound = 1;
constexpr std::uint32_t kOutbound = 2;

/// A block under construction.
class Block {
 public:
  explicit Block(std::uint32_t type) {
    put(type);
    put(std::uint32_t{0});  // its length, which follows
  }

  template <typename Number>
  requires std::is_integral_v<Number> Block& put(Number number) {
    text_.append(reinterpret_cast<const char*>(&number), sizeof number);
    return *this;
  }

  Block& put_time(std::uint64_t time) {
    put(static_cast<std::uint32_t>(time >> 32));
    return put(static_cast<std::uint32_t>(time));
  }

  Block& put_padded(std::string_view bytes) {
    text_.append(bytes);
    text_.resize((text_.size() + 3) / 4 * 4);
    return *this;
  }

  Block& option(std::uint16_t code, std::string_view value) {
    value = value.substr(0, 65535);
    put(code).put(static_cast<std::uint16_t>(value.size()));
    return put_padded(value);
  }
  template <typename Number>
  requires std::is_integral_v<Number> Block& option(std::uint16_t code, Number number) {
    return option(code, {reinterpret_cast<const char*>(&number), sizeof number});
  }

  std::string end() {
    put(kEndOfOptions).put(std::uint16_t{0});
    const auto length = static_cast<std::uint32_t>(text_.size() + sizeof(std::uint32_t));
    put(length);
    std::copy_n(reinterpret_cast<const char*>(&length), sizeof length, text_.begin() + 4);
    return std::move(text_);
  }

 private:
  std::string text_;
};

}  // namespace

std::string section(std::string_view application) {
  constexpr std::int64_t kUnknownLength = -1;
  return Block(kSection)
      .put(kByteOrder)
      .put(std::uint16_t{1})
      .put(std::uint16_t{0})
      .put(kUnknownLength)
      .option(kSectionApplication, application)
      .end();
}

std::string interface(std::string_view name, std::uint32_t snap_length) {
  return Block(kInterface)
      .put(kEthernet)
      .put(std::uint16_t{0})
      .put(snap_length)
      .option(kInterfaceName, name)
      .option(kInterfaceResolution, kNanoseconds)
      .end();
}

std::string packet(const Frame& frame) {
  Block block(kPacket);
  block.put(frame.interface).put_time(frame.time);
  block.put(static_cast<std::uint32_t>(frame.bytes.size())).put(frame.length);
  block.put_padded({reinterpret_cast<const char*>(frame.bytes.data()), frame.bytes.size()});
  block.option(kPacketFlags, frame.direction == capture::Direction::kIn ? kInbound : kOutbound);
  if (!frame.comment.empty()) block.option(kComment, frame.comment);
  return block.end();
}

std::string statistics(std::uint32_t interface, std::uint64_t time, std::uint64_t lost) {
  Block block(kStatistics);
  block.put(interface).put_time(time);
  return block.option(kStatisticsDropped, lost).end();
}

}  // namespace sluice::control::pcapng
