#pragma once

#include <cstdint>
#include <string_view>
#include <variant>

#include "dataplane/tcp/congestion/cubic.h"
#include "dataplane/tcp/congestion/new_reno.h"
#include "dataplane/tcp/congestion/window_growth.h"

namespace sluice::tcp {

/// How the window grows once slow start has ended, and how much of it a loss takes.
enum class CongestionAlgorithm : std::uint8_t { kCubic, kNewReno };

/// As in the configuration.
std::string_view to_string(CongestionAlgorithm algorithm);

/// The congestion window: slow start (RFC 5681) from the initial window of RFC 6928, and above the
/// threshold one of the algorithms. All sizes are in bytes. It decides how much may be in flight;
/// what is sent, and what is sent again, is the connection's and Recovery's business.
class CongestionControl {
 public:
  /// Starts a connection whose sender sends segments of `segment_size`.
  void start(CongestionAlgorithm algorithm, std::uint32_t segment_size);

  /// New data was acknowledged outside recovery, and the window was what held the sender back.
  /// In slow start the window grows by `slow_start_bytes`.
  void on_acknowledged(const WindowGrowth& growth, std::uint32_t slow_start_bytes);
  /// The same when the sender had less to send than the window allows: a window that is not used
  /// proves nothing and does not grow (RFC 7661 section 4.4).
  void on_unused();

  /// A loss was found with `in_flight` bytes outstanding: sets the threshold, and the window to it.
  void on_loss(std::uint32_t in_flight, std::uint32_t segment_size);
  /// The retransmission timer expired for the first time in this episode: sets the threshold, and
  /// the window to one segment.
  void on_timeout(std::uint32_t in_flight, std::uint32_t segment_size);
  /// The sender was idle for a retransmission timeout or longer: what the window was is no longer
  /// known to fit (RFC 5681 section 4.1).
  void on_idle(std::uint32_t segment_size);

  /// Takes the reaction to a loss back: everything is as it was `before`, but for the window, from
  /// which slow start leads back (RFC 4015 section 3.2).
  void restore(const CongestionControl& before, std::uint32_t window);

  /// What recovery allows meanwhile.
  void set_window(std::uint32_t bytes) { window_ = bytes; }
  /// Slow start ends here (RFC 9406).
  void end_slow_start() { threshold_ = window_; }

  [[nodiscard]] CongestionAlgorithm algorithm() const {
    return std::holds_alternative<NewReno>(algorithm_) ? CongestionAlgorithm::kNewReno
                                                       : CongestionAlgorithm::kCubic;
  }
  [[nodiscard]] std::uint32_t window() const { return window_; }
  [[nodiscard]] std::uint32_t threshold() const { return threshold_; }
  [[nodiscard]] bool in_slow_start() const { return window_ < threshold_; }
  /// Nothing has ended slow start yet.
  [[nodiscard]] bool in_first_slow_start() const { return threshold_ == kLargestWindow; }

 private:
  // Larger than any window scale allows, and far from overflow.
  static constexpr std::uint32_t kLargestWindow = std::uint32_t{1} << 30;

  std::uint32_t window_ = 0;
  std::uint32_t threshold_ = 0;
  std::variant<Cubic, NewReno> algorithm_;
};

/// RFC 6928 section 2.
std::uint32_t initial_window(std::uint32_t segment_size);

}  // namespace sluice::tcp
