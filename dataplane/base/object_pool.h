#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <stdexcept>
#include <utility>
#include <vector>

namespace sluice {

/// A fixed number of places for objects of one type, named by small indices. Address space is
/// taken at once, memory only as objects are first made, and the place freed last is used first,
/// so that few objects stay in few pages and warm lines.
template <typename T>
class ObjectPool {
 public:
  using Index = std::uint32_t;

  /// Throws std::bad_alloc when the address space cannot be had.
  explicit ObjectPool(Index capacity) : capacity_(capacity), live_(capacity, false) {
    if (capacity == 0) return;
    void* memory = mmap(nullptr, bytes(), PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    // Many connections touched at random want few TLB entries; a refusal costs only speed.
    (void)madvise(memory, bytes(), MADV_HUGEPAGE);
    objects_ = static_cast<T*>(memory);
  }
  ~ObjectPool() {
    for_each([](T& object) { object.~T(); });
    if (objects_ != nullptr) munmap(objects_, bytes());
  }
  ObjectPool(const ObjectPool&) = delete;
  ObjectPool& operator=(const ObjectPool&) = delete;

  /// A new object, or nullptr when the pool is full.
  template <typename... Arguments>
  T* make(Arguments&&... arguments) {
    Index index;
    if (!free_.empty()) {
      index = free_.back();
      free_.pop_back();
    } else if (touched_ < capacity_) {
      index = touched_++;
    } else {
      return nullptr;
    }
    live_[index] = true;
    ++size_;
    return new (objects_ + index) T(std::forward<Arguments>(arguments)...);
  }

  void destroy(T& object) {
    const Index index = index_of(object);
    object.~T();
    live_[index] = false;
    --size_;
    free_.push_back(index);
  }

  [[nodiscard]] T& operator[](Index index) { return objects_[index]; }
  [[nodiscard]] const T& operator[](Index index) const { return objects_[index]; }
  [[nodiscard]] Index index_of(const T& object) const {
    return static_cast<Index>(&object - objects_);
  }
  [[nodiscard]] const T* address_of(Index index) const { return objects_ + index; }
  [[nodiscard]] Index size() const { return size_; }
  /// The object in a place, or nullptr, and how many places were ever used: to walk the pool in
  /// parts.
  [[nodiscard]] T* at(Index index) { return live_[index] ? objects_ + index : nullptr; }
  [[nodiscard]] const T* at(Index index) const { return live_[index] ? objects_ + index : nullptr; }
  [[nodiscard]] Index touched() const { return touched_; }
  [[nodiscard]] Index capacity() const { return capacity_; }

  /// Calls `visit` for every object; it may destroy the one it is given.
  template <typename Visitor>
  void for_each(Visitor&& visit) {
    for (Index index = 0; index < touched_; ++index) {
      if (live_[index]) visit(objects_[index]);
    }
  }

 private:
  [[nodiscard]] std::size_t bytes() const { return std::size_t{capacity_} * sizeof(T); }

  T* objects_ = nullptr;
  Index capacity_;
  Index touched_ = 0;
  Index size_ = 0;
  std::vector<Index> free_;
  std::vector<bool> live_;
};

}  // namespace sluice
