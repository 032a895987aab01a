#include "tls/record/output_buffers.h"

#include <algorithm>
#include <cstring>

namespace sluice::tls {

void OutputBuffers::begin_record(std::size_t size) {
  if (filling_ && filling_.tailroom() < size && reserve_.large()) full_.append(std::move(filling_));
}

std::span<std::uint8_t> OutputBuffers::room(std::size_t least) {
  if (filling_ && filling_.tailroom() < least) full_.append(std::move(filling_));
  if (!filling_) filling_ = reserve_.take();
  if (!filling_) return {};
  return {filling_.front().data() + filling_.size(), filling_.tailroom()};
}

bool OutputBuffers::write(std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const std::span<std::uint8_t> free = room(1);
    if (free.empty()) return false;
    const std::size_t size = std::min(bytes.size(), free.size());
    std::memcpy(free.data(), bytes.data(), size);
    wrote(size);
    bytes = bytes.subspan(size);
  }
  return true;
}

ByteChain OutputBuffers::take() {
  if (filling_) full_.append(std::move(filling_));
  return std::move(full_);
}

}  // namespace sluice::tls
