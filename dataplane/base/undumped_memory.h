#pragma once

#include <cstddef>
#include <new>

/// Memory that is left out of core dumps (madvise(2), MADV_DONTDUMP), for what may be a secret. It
/// is handed out in pieces of mappings of its own, as malloc() does; small pieces that are given
/// back are kept for others of about that size, large ones go back to the system. Any thread may
/// give back what another took.
namespace sluice::undumped {

/// Larger pieces have a mapping each.
inline constexpr std::size_t kLargestShared = std::size_t{24} * 1024;

/// A piece of at least that size, aligned as malloc() does it; nullptr when there is no memory.
[[nodiscard]] void* take(std::size_t size);
/// One that is aligned to 64 bytes, with a mapping of its own.
[[nodiscard]] void* take_aligned(std::size_t size);
/// Gives a piece back; not nullptr. Nothing is wiped.
void give(void* piece);
/// How large a piece really is.
[[nodiscard]] std::size_t usable_size(const void* piece);

/// Has a core dump of this process leave out what is shared with others and what lies in hugepages:
/// packets, and guests' memory. Returns false when the kernel does not let it.
bool leave_shared_memory_out_of_core_dumps();

/// A base for objects that lie in such memory when they are made with `new`. Not in builds with
/// AddressSanitizer, which is to look after them.
class Object {
 public:
  static void* operator new(std::size_t size);
  static void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept;
  static void* operator new(std::size_t size, std::align_val_t alignment);
  static void* operator new(std::size_t size, std::align_val_t alignment,
                            const std::nothrow_t& /*tag*/) noexcept;
  /// At a place that its owner has.
  static void* operator new(std::size_t /*size*/, void* place) noexcept { return place; }
  static void operator delete(void* object) noexcept;
  static void operator delete(void* object, std::align_val_t alignment) noexcept;
};

/// The same for containers.
template <typename T>
struct Allocator {
  using value_type = T;

  Allocator() = default;
  template <typename U>
  Allocator(const Allocator<U>& /*other*/) {
  }  // NOLINT(google-explicit-constructor): as the standard has it

  [[nodiscard]] T* allocate(std::size_t count) {
    static_assert(alignof(T) <= alignof(std::max_align_t));
    return static_cast<T*>(Object::operator new(count * sizeof(T)));
  }
  void deallocate(T* place, std::size_t /*count*/) { Object::operator delete(place); }

  template <typename U>
  friend bool operator==(const Allocator& /*a*/, const Allocator<U>& /*b*/) {
    return true;
  }
};

}  // namespace sluice::undumped
