#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "dataplane/buffer/byte_chain.h"
#include "dataplane/tcp/sequence.h"

namespace sluice::tcp {

/// Payload that arrived before what precedes it. Holds pieces in sequence order without overlap,
/// at most kMostPieces of them, all within the receive window (the caller trims to it).
class Reassembly {
 public:
  /// Bounds the work and the buffers that a sender of scattered segments can cause.
  static constexpr std::size_t kMostPieces = 256;

  [[nodiscard]] bool empty() const { return pieces_.empty(); }
  [[nodiscard]] std::size_t pieces() const { return pieces_.size(); }
  /// Bytes held.
  [[nodiscard]] std::size_t size() const { return size_; }

  /// Keeps bytes that start at `begin`; bytes that are here already are dropped. False when they
  /// were refused because there are too many pieces.
  bool insert(SequenceNumber begin, ByteChain bytes);

  /// Moves what continues at `next` to the end of `out`; returns the number of bytes moved.
  std::size_t take(SequenceNumber next, ByteChain& out);

  void clear();

 private:
  struct Piece {
    SequenceNumber begin;
    ByteChain bytes;
    [[nodiscard]] SequenceNumber end() const {
      return begin + static_cast<std::uint32_t>(bytes.size());
    }
  };

  std::vector<Piece> pieces_;
  std::size_t size_ = 0;
};

}  // namespace sluice::tcp
