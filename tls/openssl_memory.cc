#include "tls/openssl_memory.h"

#include <malloc.h>
#include <openssl/crypto.h>

#include <cstdlib>
#include <new>
#include <utility>

namespace sluice::tls {
namespace {

constexpr std::size_t size_of_class(std::size_t number) {
  return 16 * number + 8;
}

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

FreedMemory& of_thread() {
  thread_local FreedMemory freed;
  return freed;
}

// What OpenSSL calls, with the place in its source.

void* take(std::size_t size, const char* /*file*/, int /*line*/) {
  return size == 0 ? nullptr : of_thread().take(size);
}

void give(void* piece, const char* /*file*/, int /*line*/) {
  if (piece != nullptr) of_thread().give(piece);
}

void* resize(void* piece, std::size_t size, const char* file, int line) {
  if (piece == nullptr) return take(size, file, line);
  if (size > 0) return malloc_usable_size(piece) >= size ? piece : std::realloc(piece, size);
  give(piece, file, line);
  return nullptr;
}

}  // namespace

// A thread's last objects may be freed after this one: nothing is kept of them.
FreedMemory::~FreedMemory() {
  bytes_ = kMostBytes;
  for (Piece*& first : kept_) {
    while (first != nullptr) std::free(std::exchange(first, first->next));
  }
}

void* FreedMemory::take(std::size_t size) {
  const std::size_t number = size <= size_of_class(1) ? 1 : (size + 7) / 16;
  if (number >= kClasses || kept_[number] == nullptr) return std::malloc(size);
  bytes_ -= size_of_class(number);
  return std::exchange(kept_[number], kept_[number]->next);
}

void FreedMemory::give(void* piece) {
  const std::size_t usable = malloc_usable_size(piece);
  const std::size_t number = usable < size_of_class(1) ? 0 : (usable - 8) / 16;
  const bool keeps =
      number > 0 && number < kClasses && bytes_ + size_of_class(number) <= kMostBytes;
  if (!keeps) return std::free(piece);
  kept_[number] = new (piece) Piece{kept_[number]};
  bytes_ += size_of_class(number);
}

void keep_freed_openssl_memory() {
  if (!kSanitized) (void)CRYPTO_set_mem_functions(take, resize, give);
}

}  // namespace sluice::tls
