#include "control/certificates/expiry_watch.h"

#include <utility>

namespace sluice::control {
namespace {

constexpr std::int64_t kDay = 86400;

std::string days(std::int64_t number) {
  return std::to_string(number) + (number == 1 ? " day" : " days");
}

}  // namespace

std::string expiry_warning(const tls::CertificateInfo& certificate, std::int64_t now) {
  const std::int64_t left = certificate.not_after - now;
  if (left > kWarnBeforeExpiry) return {};
  return left < 0 ? "has expired" : "expires within " + days((left + kDay - 1) / kDay);
}

std::vector<std::string> ExpiryWatch::look(std::int64_t now) {
  if (now < next_) return {};
  next_ = now + kEvery;
  std::vector<std::string> warnings;
  std::size_t unnamed = 0;
  const auto warn = [&](std::string warning) {
    if (warnings.size() < kMostNamed) {
      warnings.push_back(std::move(warning));
    } else {
      ++unnamed;
    }
  };
  for (const auto& [name, entry] : certificates_.entries()) {
    if (entry.current == nullptr) continue;
    const std::string expiry = expiry_warning(entry.current->info(), now);
    if (!expiry.empty()) warn("certificate '" + name + "' " + expiry);
    const auto& ocsp = entry.current->ocsp();
    if (ocsp && now >= ocsp->next_update) {
      warn("the OCSP response of certificate '" + name + "' has expired, and is not stapled");
    }
  }
  if (unnamed > 0) {
    warnings.push_back("and " + std::to_string(unnamed) +
                       " more certificates that end soon or "
                       "have ended ('show ssl cert json' tells of each)");
  }
  return warnings;
}

}  // namespace sluice::control
