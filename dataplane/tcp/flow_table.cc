#include "dataplane/tcp/flow_table.h"

#include <algorithm>

namespace sluice::tcp {

FlowTable::FlowTable(std::uint32_t entries)
    : limit_(entries),
      mask_(std::bit_ceil(std::max<std::size_t>(std::size_t{entries} * 2 / kSlots, 1)) - 1),
      buckets_(mask_ + 1) {}

bool FlowTable::insert(std::uint64_t hash, FlowRef ref) {
  if (size_ >= limit_) return false;
  ++size_;
  for (std::size_t at = home(hash);; at = (at + 1) & mask_) {
    Bucket& bucket = buckets_[at];
    for (std::size_t slot = 0; slot < kSlots; ++slot) {
      if (bucket.refs[slot].kind() != FlowKind::kNone) continue;
      bucket.tags[slot] = tag_of(hash);
      bucket.refs[slot] = ref;
      return true;
    }
    ++bucket.passed;
  }
}

FlowRef* FlowTable::slot_of(std::uint64_t hash, FlowRef ref) {
  const std::size_t first = home(hash);
  std::size_t at = first;
  do {
    for (FlowRef& candidate : buckets_[at].refs) {
      if (candidate == ref) return &candidate;
    }
    at = (at + 1) & mask_;
  } while (at != first);
  return nullptr;
}

void FlowTable::replace(std::uint64_t hash, FlowRef from, FlowRef to) {
  FlowRef* slot = slot_of(hash, from);
  if (slot != nullptr) *slot = to;
}

void FlowTable::remove(std::uint64_t hash, FlowRef ref) {
  FlowRef* slot = slot_of(hash, ref);
  if (slot == nullptr) return;
  *slot = FlowRef();
  --size_;
  const auto bucket_with_slot = static_cast<std::size_t>(
      (reinterpret_cast<const char*>(slot) - reinterpret_cast<const char*>(buckets_.data())) /
      static_cast<std::ptrdiff_t>(sizeof(Bucket)));
  for (std::size_t at = home(hash); at != bucket_with_slot; at = (at + 1) & mask_) {
    --buckets_[at].passed;
  }
}

}  // namespace sluice::tcp
