#include "deploy/testbed/impaired_link/frame_pool.h"

#include <utility>

namespace sluice::testbed {

Frame::Frame(Frame&& other) noexcept
    : pool_(std::exchange(other.pool_, nullptr)), slot_(other.slot_), size_(other.size_) {}

Frame& Frame::operator=(Frame&& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(slot_, other.slot_);
  std::swap(size_, other.size_);
  return *this;
}

Frame::~Frame() {
  if (pool_ != nullptr) pool_->free_.push_back(slot_);
}

std::span<std::uint8_t> Frame::buffer() {
  return {pool_->memory_.get() + std::size_t{slot_} * kCapacity, kCapacity};
}

// Untouched pages cost nothing, so the memory is not written here.
FramePool::FramePool(std::uint32_t frames)
    : memory_(std::make_unique_for_overwrite<std::uint8_t[]>(frames * Frame::kCapacity)) {
  free_.reserve(frames);
  while (frames > 0) free_.push_back(--frames);
}

std::optional<Frame> FramePool::take() {
  if (free_.empty()) return std::nullopt;
  Frame frame(*this, free_.back());
  free_.pop_back();
  return frame;
}

}  // namespace sluice::testbed
