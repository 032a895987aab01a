#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "dataplane/buffer/byte_chain.h"

namespace sluice::http {

/// A head kept beyond the buffers it was received in, for sending the request once more: the
/// received buffer itself, or a copy when the head lay in several.
class HeadBytes {
 public:
  HeadBytes() = default;
  /// `buffer` must be contiguous.
  explicit HeadBytes(ByteChain buffer) : buffer_(std::move(buffer)) {}
  explicit HeadBytes(std::string copy) : copy_(std::move(copy)) {}

  [[nodiscard]] bool empty() const { return view().empty(); }
  /// Valid until this object changes or moves.
  [[nodiscard]] std::string_view view() const {
    if (buffer_.empty()) return copy_;
    const auto bytes = buffer_.front();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  void clear() {
    buffer_.clear();
    copy_ = std::string();
  }

 private:
  ByteChain buffer_;
  std::string copy_;
};

}  // namespace sluice::http
