#include "tls/certificate/certificate_set.h"

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

#include "tls/certificate/certificate_loader.h"

namespace sluice::tls {

CertificateSet::CertificateSet(List certificates) : certificates_(std::move(certificates)) {
  if (certificates_.empty()) throw std::runtime_error("TLS needs at least one certificate");
  for (std::uint32_t index = 0; index < certificates_.size(); ++index) {
    const CertificateInfo& info = certificates_[index]->info();
    for (std::size_t name = 0; name < info.dns_names; ++name) {
      names_.add(info.names[name], info.key_type, index);
    }
  }
  const CertificateInfo& first = certificates_.front()->info();
  fallback_.add(first.key_type, 0);
  if (first.dns_names == 0) return;
  const std::string& name = first.names.front();
  for (std::uint32_t index = 0; index < certificates_.size(); ++index) {
    const CertificateInfo& info = certificates_[index]->info();
    const auto end = info.names.begin() + static_cast<std::ptrdiff_t>(info.dns_names);
    if (std::find(info.names.begin(), end, name) != end) fallback_.add(info.key_type, index);
  }
}

std::shared_ptr<const CertificateSet> load_certificate_set(
    std::span<const CertificateSource> sources, std::uint32_t workers) {
  CertificateLoader loader(workers);
  CertificateSet::List certificates;
  for (const CertificateSource& source : sources) certificates.push_back(loader.load(source));
  return std::make_shared<const CertificateSet>(std::move(certificates));
}

}  // namespace sluice::tls
