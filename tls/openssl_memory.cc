#include "tls/openssl_memory.h"

#include <openssl/crypto.h>

#include <cstring>
#include <new>
#include <utility>

#include "dataplane/base/sanitized.h"
#include "dataplane/base/undumped_memory.h"

namespace sluice::tls {
namespace {

constexpr std::size_t size_of_class(std::size_t number) {
  return 16 * number + 8;
}

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
  void* larger = nullptr;
  if (size > 0) {
    if (undumped::usable_size(piece) >= size) return piece;
    larger = take(size, file, line);
    if (larger == nullptr) return nullptr;
    std::memcpy(larger, piece, undumped::usable_size(piece));
  }
  give(piece, file, line);
  return larger;
}

}  // namespace

// A thread's last objects may be freed after this one: nothing is kept of them.
FreedMemory::~FreedMemory() {
  bytes_ = kMostBytes;
  for (Piece*& first : kept_) {
    while (first != nullptr) undumped::give(std::exchange(first, first->next));
  }
}

void* FreedMemory::take(std::size_t size) {
  const std::size_t number = size <= size_of_class(1) ? 1 : (size + 7) / 16;
  if (number >= kClasses || kept_[number] == nullptr) return undumped::take(size);
  bytes_ -= size_of_class(number);
  return std::exchange(kept_[number], kept_[number]->next);
}

void FreedMemory::give(void* piece) {
  const std::size_t usable = undumped::usable_size(piece);
  const std::size_t number = usable < size_of_class(1) ? 0 : (usable - 8) / 16;
  const bool keeps =
      number > 0 && number < kClasses && bytes_ + size_of_class(number) <= kMostBytes;
  if (!keeps) return undumped::give(piece);
  kept_[number] = new (piece) Piece{kept_[number]};
  bytes_ += size_of_class(number);
}

void keep_freed_openssl_memory() {
  if (!kSanitized) (void)CRYPTO_set_mem_functions(take, resize, give);
}

}  // namespace sluice::tls
