#include "dataplane/tcp/reassembly.h"

#include <algorithm>
#include <utility>

namespace sluice::tcp {

bool Reassembly::insert(SequenceNumber begin, ByteChain bytes) {
  // Segments mostly arrive behind all others: look from the end.
  std::size_t at = pieces_.size();
  while (at > 0 && begin < pieces_[at - 1].begin) --at;

  if (at > 0 && begin < pieces_[at - 1].end()) {
    const std::uint32_t overlap = pieces_[at - 1].end() - begin;
    if (overlap >= bytes.size()) return true;
    bytes.drop_front(overlap);
    begin += overlap;
  }
  const SequenceNumber end = begin + static_cast<std::uint32_t>(bytes.size());
  std::size_t covered = at;
  while (covered < pieces_.size() && pieces_[covered].end() <= end) {
    size_ -= pieces_[covered].bytes.size();
    ++covered;
  }
  if (covered < pieces_.size() && pieces_[covered].begin < end) {
    bytes.truncate(pieces_[covered].begin - begin);
  }
  if (covered == at && pieces_.size() >= kMostPieces) return false;
  const auto position = pieces_.begin() + static_cast<std::ptrdiff_t>(at);
  size_ += bytes.size();
  if (covered == at) {
    pieces_.insert(position, Piece{begin, std::move(bytes)});
  } else {
    *position = Piece{begin, std::move(bytes)};
    pieces_.erase(position + 1, pieces_.begin() + static_cast<std::ptrdiff_t>(covered));
  }
  return true;
}

std::size_t Reassembly::take(SequenceNumber next, ByteChain& out) {
  std::size_t taken = 0;
  std::size_t used = 0;
  while (used < pieces_.size() && pieces_[used].begin <= next) {
    Piece& piece = pieces_[used++];
    size_ -= piece.bytes.size();
    if (piece.end() <= next) continue;
    piece.bytes.drop_front(next - piece.begin);
    taken += piece.bytes.size();
    next = piece.begin + static_cast<std::uint32_t>(piece.bytes.size());
    out.append(std::move(piece.bytes));
  }
  pieces_.erase(pieces_.begin(), pieces_.begin() + static_cast<std::ptrdiff_t>(used));
  return taken;
}

void Reassembly::clear() {
  std::vector<Piece>().swap(pieces_);
  size_ = 0;
}

}  // namespace sluice::tcp
