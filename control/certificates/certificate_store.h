#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "tls/certificate/certificate_loader.h"
#include "tls/certificate/certificate_set.h"

namespace sluice::control {

/// The certificates that a configuration names, each loaded once: the check of the configuration
/// and the frontends that show them take them from here. For the control thread.
class CertificateStore {
 public:
  using Fault = std::function<void(const std::string& message)>;

  /// `workers`: how many show them.
  explicit CertificateStore(std::uint32_t workers) : workers_(workers), loader_(workers) {}

  [[nodiscard]] std::uint32_t workers() const { return workers_; }

  /// All certificates that a path of the configuration stands for, in order; loads those that are
  /// not here yet. Tells `fault` of each one that cannot be used, and leaves it out.
  tls::CertificateSet::List at(const std::string& path, const Fault& fault);
  /// The same. Throws std::runtime_error with the first fault.
  tls::CertificateSet::List at(const std::string& path);

 private:
  std::uint32_t workers_;
  tls::CertificateLoader loader_;
  std::map<std::string, std::shared_ptr<const tls::SharedCertificate>> by_file_;
};

}  // namespace sluice::control
