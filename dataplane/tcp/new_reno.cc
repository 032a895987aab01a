#include "dataplane/tcp/new_reno.h"

#include <algorithm>

namespace sluice::tcp {
namespace {

// Larger than any window scale allows, and far from overflow.
constexpr std::uint32_t kLargestWindow = std::uint32_t{1} << 30;

}  // namespace

// RFC 6928 section 2.
void NewReno::start(std::uint32_t segment_size) {
  window_ = std::min(10 * segment_size, std::max(2 * segment_size, 14600U));
  threshold_ = kLargestWindow;
  counted_ = 0;
}

void NewReno::on_acknowledged(std::uint32_t bytes, std::uint32_t segment_size, bool limited) {
  if (!limited) return;
  if (in_slow_start()) {
    window_ = std::min(window_ + std::min(bytes, 2 * segment_size), kLargestWindow);
    return;
  }
  counted_ += bytes;
  if (counted_ >= window_) {
    counted_ -= window_;
    window_ = std::min(window_ + segment_size, kLargestWindow);
  }
}

// RFC 5681 equation 4.
void NewReno::on_loss(std::uint32_t in_flight, std::uint32_t segment_size) {
  threshold_ = std::max(in_flight / 2, 2 * segment_size);
  window_ = threshold_;
  counted_ = 0;
}

void NewReno::on_timeout(std::uint32_t in_flight, std::uint32_t segment_size) {
  on_loss(in_flight, segment_size);
  window_ = segment_size;
}

}  // namespace sluice::tcp
