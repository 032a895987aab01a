#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace sluice::tls {

/// Follows the boundaries of TLS records (RFC 8446 section 5.1) in a stream of bytes, and stops at
/// each until it is told to go on.
class RecordFramer {
 public:
  static constexpr std::size_t kHeaderSize = 5;
  /// The largest fragment of any version: TLS 1.2's, with its room for protection
  /// (RFC 5246 section 6.2.3). TLS 1.3's is smaller, which is for the record layer to say.
  static constexpr std::size_t kMaxFragment = (1U << 14) + 2048;

  /// How many bytes may be taken before a boundary: the rest of the header or of the fragment;
  /// zero at the end of a record and after a header that cannot be one.
  [[nodiscard]] std::size_t remaining() const {
    if (broken_) return 0;
    return in_header() ? kHeaderSize - header_size_ : fragment_left_;
  }

  /// Notes bytes that were taken, at most remaining() of them.
  void take(std::span<const std::uint8_t> bytes);

  /// A record has been taken whole, and the next one not yet begun.
  [[nodiscard]] bool at_end() const { return !broken_ && !in_header() && fragment_left_ == 0; }
  /// The latest header is none of TLS: what follows has no boundaries.
  [[nodiscard]] bool broken() const { return broken_; }

  /// Lets the next record begin; only at the end of one.
  void begin_next() { header_size_ = 0; }

 private:
  [[nodiscard]] bool in_header() const { return header_size_ < kHeaderSize; }
  void read_header();

  std::uint16_t fragment_left_ = 0;
  std::uint8_t header_size_ = 0;
  bool broken_ = false;
  std::array<std::uint8_t, kHeaderSize> header_{};
};

}  // namespace sluice::tls
