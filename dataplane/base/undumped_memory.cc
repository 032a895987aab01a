#include "dataplane/base/undumped_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string_view>
#include <utility>

#include "dataplane/base/sanitized.h"

namespace sluice::undumped {
namespace {

constexpr std::size_t kStep = 16;
constexpr std::size_t kChunk = std::size_t{1} << 20;
constexpr std::size_t kMaxAlignment = 64;

/// In front of every piece.
struct Header {
  std::uint32_t heap;   // whose it is, or kOwnMapping
  std::uint32_t steps;  // its size with this header, in kStep; of a mapping: in pages
};
static_assert(sizeof(Header) == 8);
constexpr std::uint32_t kOwnMapping = ~0U;

/// A piece that was given back.
struct Kept {
  Kept* next;
};

std::byte* map(std::size_t size) {
  void* pages = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return nullptr;
  if (::madvise(pages, size, MADV_DONTDUMP) != 0) {
    ::munmap(pages, size);
    return nullptr;
  }
  return static_cast<std::byte*>(pages);
}

Header& header_of(void* piece) {
  return static_cast<Header*>(piece)[-1];
}

/// Pieces by size, from chunks. Threads have different ones, so that they seldom meet at the lock.
class Heap {
 public:
  void* take(std::uint32_t steps, std::uint32_t number) {
    const std::lock_guard lock(mutex_);
    if (Kept* kept = kept_[steps]; kept != nullptr) {
      kept_[steps] = kept->next;
      return kept;
    }
    const std::size_t size = steps * kStep;
    if (left_ < size + kStep) {
      next_ = map(kChunk);
      left_ = next_ == nullptr ? 0 : kChunk;
      if (next_ == nullptr) return nullptr;
    }
    // Headers stand in the second half of a step, so that pieces begin with the next one.
    auto* header = ::new (next_ + kStep - sizeof(Header)) Header{number, steps};
    next_ += size;
    left_ -= size;
    return header + 1;
  }

  void give(void* piece, std::uint32_t steps) {
    const std::lock_guard lock(mutex_);
    kept_[steps] = ::new (piece) Kept{kept_[steps]};
  }

 private:
  std::mutex mutex_;
  std::array<Kept*, (kLargestShared + sizeof(Header)) / kStep + 2> kept_{};
  std::byte* next_ = nullptr;
  std::size_t left_ = 0;
};

constexpr std::uint32_t kHeaps = 32;

// Never destroyed: OpenSSL frees its last pieces at the very end.
std::array<Heap, kHeaps>& heaps() {
  static auto* all = new std::array<Heap, kHeaps>;
  return *all;
}

std::uint32_t heap_of_thread() {
  static std::atomic<std::uint32_t> threads{0};
  thread_local const std::uint32_t mine = threads.fetch_add(1) % kHeaps;
  return mine;
}

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

void* checked(void* piece) {
  if (piece == nullptr) throw std::bad_alloc();
  return piece;
}

}  // namespace

void* take(std::size_t size) {
  if (size > kLargestShared) return take_aligned(size);
  const auto steps = static_cast<std::uint32_t>((size + sizeof(Header) + kStep - 1) / kStep);
  const std::uint32_t number = heap_of_thread();
  return heaps()[number].take(steps < 2 ? 2 : steps, number);
}

void* take_aligned(std::size_t size) {
  if (size > SIZE_MAX / 2) return nullptr;
  const std::size_t pages = (size + kMaxAlignment + page_size() - 1) / page_size();
  if (pages > UINT32_MAX) return nullptr;
  std::byte* start = map(pages * page_size());
  if (start == nullptr) return nullptr;
  auto* header = ::new (start + kMaxAlignment - sizeof(Header))
      Header{kOwnMapping, static_cast<std::uint32_t>(pages)};
  return header + 1;
}

void give(void* piece) {
  const Header header = header_of(piece);
  if (header.heap == kOwnMapping) {
    ::munmap(static_cast<std::byte*>(piece) - kMaxAlignment, header.steps * page_size());
  } else {
    heaps()[header.heap].give(piece, header.steps);
  }
}

std::size_t usable_size(const void* piece) {
  const Header& header = static_cast<const Header*>(piece)[-1];
  if (header.heap == kOwnMapping) return header.steps * page_size() - kMaxAlignment;
  return header.steps * kStep - sizeof(Header);
}

// core(5): private anonymous memory and ELF headers, of the default's four.
bool leave_shared_memory_out_of_core_dumps() {
  const int file = ::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  constexpr std::string_view kFilter = "0x11";
  const bool written =
      ::write(file, kFilter.data(), kFilter.size()) == static_cast<ssize_t>(kFilter.size());
  ::close(file);
  return written;
}

void* Object::operator new(std::size_t size) {
  return kSanitized ? ::operator new(size) : checked(take(size));
}

void* Object::operator new(std::size_t size, const std::nothrow_t& tag) noexcept {
  return kSanitized ? ::operator new(size, tag) : take(size);
}

void* Object::operator new(std::size_t size, std::align_val_t alignment) {
  return kSanitized ? ::operator new(size, alignment) : checked(take_aligned(size));
}

void* Object::operator new(std::size_t size, std::align_val_t alignment,
                           const std::nothrow_t& tag) noexcept {
  return kSanitized ? ::operator new(size, alignment, tag) : take_aligned(size);
}

void Object::operator delete(void* object) noexcept {
  if (object == nullptr) return;
  if (kSanitized) return ::operator delete(object);
  give(object);
}

void Object::operator delete(void* object, std::align_val_t alignment) noexcept {
  if (object == nullptr) return;
  if (kSanitized) return ::operator delete(object, alignment);
  give(object);
}

}  // namespace sluice::undumped
