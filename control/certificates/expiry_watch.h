#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "control/certificates/certificate_store.h"

namespace sluice::control {

/// From when on the end of a certificate is warned of.
inline constexpr std::int64_t kWarnBeforeExpiry = 14 * 86400;

/// "has expired" or "expires within 3 days"; empty when there is more time.
std::string expiry_warning(const tls::CertificateInfo& certificate, std::int64_t now);

/// Warns of certificates that end soon, and of OCSP responses that have ended, once a day.
class ExpiryWatch {
 public:
  /// `certificates` outlives it. What there is to warn of `now`, in seconds since the epoch, has
  /// been told by the check of the configuration.
  ExpiryWatch(const CertificateStore& certificates, std::int64_t now)
      : certificates_(certificates), next_(now + kEvery) {}

  /// The warnings that are due. Called now and then.
  std::vector<std::string> look(std::int64_t now);

  static constexpr std::int64_t kEvery = 86400;
  /// Of more certificates only the number is told.
  static constexpr std::size_t kMostNamed = 10;

 private:
  const CertificateStore& certificates_;
  std::int64_t next_;
};

}  // namespace sluice::control
