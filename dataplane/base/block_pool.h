#pragma once

#include <sanitizer/asan_interface.h>

#include <cstddef>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "dataplane/base/undumped_memory.h"

namespace sluice {

/// Places for objects of one type, as large as these and no larger, taken from the heap in blocks:
/// objects that live long do not lie among others that come and go, and pin no holes there. The
/// place freed last is used first; blocks are kept. (Where the most there can be is known,
/// ObjectPool has places by number.) The blocks are left out of core dumps: keys of connections are
/// in them.
///
/// The objects must be destroyed before the pool is.
template <typename T>
class BlockPool {
 public:
  static constexpr std::size_t kObjectsInBlock = 512;

  BlockPool() = default;
  BlockPool(const BlockPool&) = delete;
  BlockPool& operator=(const BlockPool&) = delete;

  /// A new object, or nullptr when there is no memory.
  template <typename... Arguments>
  T* make(Arguments&&... arguments) {
    void* place = take();
    if (place == nullptr) return nullptr;
    ++size_;
    return ::new (place) T(std::forward<Arguments>(arguments)...);
  }

  void destroy(T& object) {
    object.~T();
    auto* place = ::new (static_cast<void*>(&object)) Place{free_};
    free_ = place;
    --size_;
    ASAN_POISON_MEMORY_REGION(place, sizeof(T));
  }

  /// Objects there are.
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  struct Place {
    Place* next;
  };
  struct Block : undumped::Object {
    alignas(T) std::byte bytes[kObjectsInBlock * sizeof(T)];
  };

  void* take() {
    static_assert(sizeof(T) >= sizeof(Place) && alignof(T) >= alignof(Place));
    if (Place* place = free_; place != nullptr) {
      ASAN_UNPOISON_MEMORY_REGION(place, sizeof(T));
      free_ = place->next;
      return place;
    }
    if (used_of_last_ == kObjectsInBlock) {
      std::unique_ptr<Block> block(new (std::nothrow) Block);
      if (block == nullptr) return nullptr;
      blocks_.push_back(std::move(block));
      used_of_last_ = 0;
    }
    return blocks_.back()->bytes + sizeof(T) * used_of_last_++;
  }

  std::vector<std::unique_ptr<Block>> blocks_;
  Place* free_ = nullptr;
  std::size_t used_of_last_ = kObjectsInBlock;
  std::size_t size_ = 0;
};

}  // namespace sluice
