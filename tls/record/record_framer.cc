#include "tls/record/record_framer.h"

#include <algorithm>

namespace sluice::tls {
namespace {

// change_cipher_spec, alert, handshake, application_data (RFC 8446 section 5.1).
constexpr std::uint8_t kFirstContentType = 20;
constexpr std::uint8_t kLastContentType = 23;
constexpr std::uint8_t kMajorVersion = 3;

}  // namespace

void RecordFramer::take(std::span<const std::uint8_t> bytes) {
  if (!in_header()) {
    fragment_left_ = static_cast<std::uint16_t>(fragment_left_ - bytes.size());
    return;
  }
  std::copy(bytes.begin(), bytes.end(), header_.begin() + header_size_);
  header_size_ = static_cast<std::uint8_t>(header_size_ + bytes.size());
  if (!in_header()) read_header();
}

void RecordFramer::read_header() {
  const std::size_t size = static_cast<std::size_t>(header_[3]) << 8 | header_[4];
  broken_ = header_[0] < kFirstContentType || header_[0] > kLastContentType ||
            header_[1] != kMajorVersion || size > kMaxFragment;
  fragment_left_ = broken_ ? 0 : static_cast<std::uint16_t>(size);
}

}  // namespace sluice::tls
