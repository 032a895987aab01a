#include "control/certificates/certificate_store.h"

#include <stdexcept>

namespace sluice::control {

tls::CertificateSet::List CertificateStore::at(const std::string& path, const Fault& fault) {
  tls::CertificateSet::List list;
  std::vector<tls::CertificateSource> sources;
  try {
    sources = tls::find_certificates(path);
  } catch (const std::runtime_error& error) {
    fault(error.what());
  }
  for (const tls::CertificateSource& source : sources) {
    auto& certificate = by_file_[source.certificate.string()];
    try {
      if (certificate == nullptr) certificate = loader_.load(source);
      list.push_back(certificate);
    } catch (const std::runtime_error& error) {
      fault(error.what());
    }
  }
  return list;
}

tls::CertificateSet::List CertificateStore::at(const std::string& path) {
  return at(path, [](const std::string& message) { throw std::runtime_error(message); });
}

}  // namespace sluice::control
