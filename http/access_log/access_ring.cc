#include "http/access_log/access_ring.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice::http {
namespace {

constexpr std::uint64_t kAlignment = 8;
// In front of each record.
using Size = std::uint64_t;
constexpr Size kPassedOver = 0;

constexpr std::size_t aligned(std::size_t size) {
  return (size + kAlignment - 1) & ~(kAlignment - 1);
}

}  // namespace

AccessRing::AccessRing(std::size_t bytes)
    : size_(std::bit_ceil(std::max(bytes, kSmallest))),
      mask_(size_ - 1),
      bytes_(std::make_unique<std::byte[]>(size_)) {}

bool AccessRing::put(const AccessEntry& entry) {
  AccessRecord record = entry.record;
  std::size_t size = sizeof(Size) + sizeof record;
  for (std::size_t i = 0; i < kAccessTexts; ++i) {
    const std::size_t most = longest(static_cast<AccessText>(i));
    const std::size_t kept = std::min(entry.texts[i].size(), most);
    if (kept < entry.texts[i].size()) record.cut |= static_cast<std::uint16_t>(1U << i);
    record.sizes[i] = static_cast<std::uint16_t>(kept);
    size += kept;
  }
  Place place;
  if (!find_place(aligned(size), place)) return false;
  std::byte* to = bytes_at(place.at);
  const Size header = place.end - place.at;
  std::memcpy(to, &header, sizeof header);
  to += sizeof header;
  std::memcpy(to, &record, sizeof record);
  to += sizeof record;
  for (std::size_t i = 0; i < kAccessTexts; ++i) {
    if (record.sizes[i] == 0) continue;
    std::memcpy(to, entry.texts[i].data(), record.sizes[i]);
    to += record.sizes[i];
  }
  written_.store(place.end, std::memory_order_release);
  return true;
}

bool AccessRing::find_place(std::size_t size, Place& place) {
  const std::uint64_t written = written_.load(std::memory_order_relaxed);
  const std::size_t to_the_end = size_ - (written & mask_);
  const bool wraps = size > to_the_end;
  place.at = wraps ? written + to_the_end : written;
  place.end = place.at + size;
  if (place.end - known_taken_ > size_) {
    known_taken_ = taken_.load(std::memory_order_acquire);
    if (place.end - known_taken_ > size_) return false;
  }
  if (wraps) std::memcpy(bytes_at(written), &kPassedOver, sizeof kPassedOver);
  return true;
}

// False where the rest of the ring was passed over.
bool AccessRing::read(std::uint64_t& at, AccessEntry& entry) const {
  const std::byte* from = bytes_at(at);
  Size header;
  std::memcpy(&header, from, sizeof header);
  if (header == kPassedOver) {
    at += size_ - (at & mask_);
    return false;
  }
  from += sizeof header;
  std::memcpy(&entry.record, from, sizeof entry.record);
  const char* text = reinterpret_cast<const char*>(from + sizeof entry.record);
  for (std::size_t i = 0; i < kAccessTexts; ++i) {
    entry.texts[i] = {text, entry.record.sizes[i]};
    text += entry.record.sizes[i];
  }
  at += header;
  return true;
}

}  // namespace sluice::http
