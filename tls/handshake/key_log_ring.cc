#include "tls/handshake/key_log_ring.h"

#include <openssl/crypto.h>

#include <algorithm>

namespace sluice::tls {
namespace {

void put_line(const SSL* ssl, const char* line) {
  static_cast<KeyLogRing*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->put(line);
}

}  // namespace

KeyLogRing::KeyLogRing(std::uint32_t lines) : count_(lines), lines_(lines) {}

KeyLogRing::~KeyLogRing() {
  OPENSSL_cleanse(lines_.data(), count_ * sizeof(Line));
}

void KeyLogRing::put(std::string_view line) {
  const std::uint32_t at = written_.load(std::memory_order_relaxed);
  const bool full = at - taken_.load(std::memory_order_acquire) >= count_;
  if (full || line.size() >= kLongestLine) {
    lost_.add();
    return;
  }
  Line& place = lines_[at % count_];
  *std::ranges::copy(line, place.text.begin()).out = '\n';
  place.size = static_cast<std::uint16_t>(line.size() + 1);
  written_.store(at + 1, std::memory_order_release);
}

std::size_t KeyLogRing::take(std::span<char> out) {
  std::size_t filled = 0;
  std::uint32_t at = taken_.load(std::memory_order_relaxed);
  const std::uint32_t end = written_.load(std::memory_order_acquire);
  for (; at != end; ++at) {
    Line& place = lines_[at % count_];
    if (out.size() - filled < place.size) break;
    std::copy_n(place.text.begin(), place.size, out.begin() + static_cast<std::ptrdiff_t>(filled));
    filled += place.size;
    OPENSSL_cleanse(place.text.data(), place.size);
  }
  taken_.store(at, std::memory_order_release);
  return filled;
}

void log_keys(SSL_CTX* context, KeyLogRing& ring) {
  SSL_CTX_set_app_data(context, &ring);
  SSL_CTX_set_keylog_callback(context, put_line);
}

}  // namespace sluice::tls
