#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "dataplane/buffer/byte_chain.h"
#include "tls/record/buffer_reserve.h"

namespace sluice::tls {

/// Buffers that records are written into, one after the other, on their way to the stream below.
class OutputBuffers {
 public:
  explicit OutputBuffers(BufferReserve& reserve) : reserve_(reserve) {}

  /// Before a record of so many bytes: it begins in a large buffer of its own, if one is set aside
  /// for it and the present one does not hold it.
  void begin_record(std::size_t size);

  /// Room for at least `least` bytes (at most PacketPool::kDataRoom), in the present buffer or a
  /// new one; empty when there is no buffer.
  [[nodiscard]] std::span<std::uint8_t> room(std::size_t least);
  /// Notes bytes that were written to the beginning of what room() gave.
  void wrote(std::size_t size) { (void)filling_.append(static_cast<std::uint16_t>(size)); }

  /// Copies bytes in. False, with a part of them written, when there is no buffer.
  [[nodiscard]] bool write(std::span<const std::uint8_t> bytes);

  /// All that was written since the last call.
  [[nodiscard]] ByteChain take();

 private:
  ByteChain full_;
  Packet filling_;  // comes behind
  BufferReserve& reserve_;
};

}  // namespace sluice::tls
