#include "control/metrics/report.h"

namespace sluice::control {

std::vector<CertificateReport> report_certificates(const CertificateStore& certificates) {
  std::vector<CertificateReport> reports;
  for (const auto& [name, entry] : certificates.entries()) {
    if (entry.current == nullptr) continue;
    const tls::CertificateInfo& info = entry.current->info();
    reports.push_back({name, info.not_before, info.not_after});
  }
  return reports;
}

}  // namespace sluice::control
