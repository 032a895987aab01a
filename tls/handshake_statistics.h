#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/base/counter.h"
#include "dataplane/base/measured_duration.h"
#include "dataplane/base/time.h"
#include "tls/failure.h"

namespace sluice::tls {

/// What a worker's handshakes have agreed on, how long they took from the peer's first byte on, and
/// why others failed. Written by the worker, read by anyone. About 8 KiB.
class HandshakeStatistics {
 public:
  struct CipherSuite {
    std::uint16_t id;  ///< as on the wire; 0: any other
    const char* name;
  };
  static constexpr std::array<CipherSuite, 10> kCipherSuites = {{
      {0x1301, "TLS_AES_128_GCM_SHA256"},
      {0x1302, "TLS_AES_256_GCM_SHA384"},
      {0x1303, "TLS_CHACHA20_POLY1305_SHA256"},
      {0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"},
      {0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384"},
      {0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305"},
      {0xc02f, "ECDHE-RSA-AES128-GCM-SHA256"},
      {0xc030, "ECDHE-RSA-AES256-GCM-SHA384"},
      {0xcca8, "ECDHE-RSA-CHACHA20-POLY1305"},
      {0, "other"},
  }};

  /// Full handshakes, or resumed ones.
  struct Kind {
    std::array<Counter, kCipherSuites.size()> suites;
    MeasuredDuration time;
  };

  void completed(std::uint16_t cipher, bool resumed, Duration taken);
  /// A failure of kind kNone: the peer went away, or was given up.
  void failed(const Failure& failure);

  [[nodiscard]] const Kind& full() const { return full_; }
  [[nodiscard]] const Kind& resumed() const { return resumed_; }

  /// Calls `visit(failure, count)` for each failure that there was. Of failures that are no alerts,
  /// the code is 0: any.
  template <typename Visit>
  void for_each_failure(Visit&& visit) const;

 private:
  static constexpr std::size_t kAlerts = 256;

  Kind full_;
  Kind resumed_;
  std::array<Counter, kAlerts> alerts_received_;
  std::array<Counter, kAlerts> alerts_sent_;
  std::array<Counter, Failure::kKinds> others_;
};

template <typename Visit>
void HandshakeStatistics::for_each_failure(Visit&& visit) const {
  const auto tell = [&visit](Failure::Kind kind, std::size_t code, const Counter& count) {
    if (count.get() > 0) visit(Failure{kind, static_cast<std::uint32_t>(code)}, count.get());
  };
  for (std::size_t i = 0; i < kAlerts; ++i) {
    tell(Failure::Kind::kAlertReceived, i, alerts_received_[i]);
    tell(Failure::Kind::kAlertSent, i, alerts_sent_[i]);
  }
  for (std::size_t i = 0; i < others_.size(); ++i) {
    tell(static_cast<Failure::Kind>(i), 0, others_[i]);
  }
}

}  // namespace sluice::tls
