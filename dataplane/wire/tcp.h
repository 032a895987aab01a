#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "dataplane/wire/bytes.h"

namespace sluice::wire {

/// The control bits of a TCP header (RFC 9293 section 3.1).
enum TcpFlag : std::uint8_t {
  kFin = 0x01,
  kSyn = 0x02,
  kRst = 0x04,
  kPsh = 0x08,
  kAck = 0x10,
  kUrg = 0x20,
  kEce = 0x40,
  kCwr = 0x80,
};

/// A TCP header over received bytes.
class TcpHeader {
 public:
  static constexpr std::size_t kMinimumSize = 20;
  static constexpr std::size_t kMaximumSize = 60;

  /// A view of the header, or nothing when `segment` does not hold all of it.
  static std::optional<TcpHeader> parse(Bytes segment) {
    if (segment.size() < kMinimumSize) return {};
    const std::size_t size = static_cast<std::size_t>(segment[12] >> 4) * 4;
    if (size < kMinimumSize || size > segment.size()) return {};
    return TcpHeader(segment.first(size));
  }

  [[nodiscard]] std::uint16_t source_port() const { return load_be16(&bytes_[0]); }
  [[nodiscard]] std::uint16_t destination_port() const { return load_be16(&bytes_[2]); }
  [[nodiscard]] std::uint32_t sequence() const { return load_be32(&bytes_[4]); }
  [[nodiscard]] std::uint32_t acknowledgment() const { return load_be32(&bytes_[8]); }
  [[nodiscard]] std::uint8_t flags() const { return bytes_[13]; }
  [[nodiscard]] std::uint16_t window() const { return load_be16(&bytes_[14]); }
  [[nodiscard]] std::uint16_t checksum() const { return load_be16(&bytes_[16]); }
  /// Bytes in the header, options included.
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] Bytes options() const { return bytes_.subspan(kMinimumSize); }

 private:
  explicit TcpHeader(Bytes bytes) : bytes_(bytes) {}
  Bytes bytes_;
};

/// The fixed part of a TCP header to be sent.
struct TcpHeaderFields {
  std::uint16_t source_port;
  std::uint16_t destination_port;
  std::uint32_t sequence;
  std::uint32_t acknowledgment;
  std::uint8_t flags;
  std::uint16_t window;
};

/// Writes the 20 bytes of a header whose options take `options_size` bytes (a multiple of four),
/// with a checksum of zero.
void write_tcp_header(std::uint8_t* out, const TcpHeaderFields& fields, std::size_t options_size);

/// Bytes the receiver has, from `begin` up to but without `end` (RFC 2018 section 3).
struct SackBlock {
  std::uint32_t begin;
  std::uint32_t end;
  friend bool operator==(const SackBlock&, const SackBlock&) = default;
};

/// The blocks of a SACK option, the first one first.
class SackBlocks {
 public:
  static constexpr std::size_t kMost = 4;

  /// What is beyond kMost is left out.
  void add(const SackBlock& block) {
    if (count_ < kMost) blocks_[count_++] = block;
  }
  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] std::span<const SackBlock> all() const { return {blocks_.data(), count_}; }

 private:
  std::uint8_t count_ = 0;
  std::array<SackBlock, kMost> blocks_{};
};

/// The TCP options Sluice understands (RFC 9293 section 3.2, RFC 7323, RFC 2018).
struct TcpOptions {
  struct Timestamps {
    std::uint32_t value;
    std::uint32_t echo;
  };

  std::optional<std::uint16_t> maximum_segment_size;
  std::optional<std::uint8_t> window_scale;  ///< the shift; at most 14 (RFC 7323 section 2.3)
  std::optional<Timestamps> timestamps;
  bool sack_permitted = false;
  SackBlocks sack;  ///< at most three beside timestamps, and none on a SYN: they must fit

  /// How many SACK blocks fit behind timestamps, or into the whole option space.
  static constexpr std::size_t most_sack_blocks(bool beside_timestamps) {
    return beside_timestamps ? 3 : 4;
  }

  /// Reads an option list. A malformed list ends the reading at the fault (RFC 9293 section
  /// 3.10.7 asks nothing else); what came before it counts.
  static TcpOptions parse(Bytes options);

  /// Bytes that write() needs: a multiple of four, at most 40.
  [[nodiscard]] std::size_t size() const;
  /// Writes size() bytes.
  void write(std::uint8_t* out) const;
};

}  // namespace sluice::wire
