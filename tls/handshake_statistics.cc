#include "tls/handshake_statistics.h"

#include <algorithm>

namespace sluice::tls {

void HandshakeStatistics::completed(std::uint16_t cipher, bool resumed, Duration taken) {
  const auto* known = std::ranges::find(kCipherSuites, cipher, &CipherSuite::id);
  const auto* suite = known == kCipherSuites.end() ? known - 1 : known;
  Kind& kind = resumed ? resumed_ : full_;
  kind.suites[static_cast<std::size_t>(suite - kCipherSuites.begin())].add();
  kind.time.add(taken);
}

void HandshakeStatistics::failed(const Failure& failure) {
  const bool known = failure.code < kAlerts;
  if (failure.kind == Failure::Kind::kAlertReceived && known) {
    alerts_received_[failure.code].add();
  } else if (failure.kind == Failure::Kind::kAlertSent && known) {
    alerts_sent_[failure.code].add();
  } else {
    others_[static_cast<std::size_t>(failure.kind)].add();
  }
}

}  // namespace sluice::tls
