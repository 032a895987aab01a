#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace sluice::testbed {

class FramePool;

/// One Ethernet frame in a buffer of a pool, which has it back when this ends. The pool must
/// outlive it.
class Frame {
 public:
  /// Bytes of a buffer: no frame is larger.
  static constexpr std::size_t kCapacity = 2048;

  Frame(Frame&& other) noexcept;
  Frame& operator=(Frame&& other) noexcept;
  ~Frame();

  /// The whole buffer.
  [[nodiscard]] std::span<std::uint8_t> buffer();
  [[nodiscard]] std::span<std::uint8_t> bytes() { return buffer().first(size_); }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// At most kCapacity.
  void resize(std::size_t size) { size_ = static_cast<std::uint32_t>(size); }

 private:
  friend class FramePool;
  Frame(FramePool& pool, std::uint32_t slot) : pool_(&pool), slot_(slot) {}

  FramePool* pool_;
  std::uint32_t slot_;
  std::uint32_t size_ = 0;
};

/// All frames that a link can hold at a time.
class FramePool {
 public:
  explicit FramePool(std::uint32_t frames);

  /// An empty frame; none when all are in use.
  std::optional<Frame> take();
  [[nodiscard]] std::size_t free() const { return free_.size(); }

 private:
  friend class Frame;

  std::unique_ptr<std::uint8_t[]> memory_;
  std::vector<std::uint32_t> free_;
};

}  // namespace sluice::testbed
