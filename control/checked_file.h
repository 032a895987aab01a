#pragma once

#include <memory>
#include <optional>
#include <string>

#include "control/certificates/certificate_store.h"
#include "control/config/config.h"

namespace sluice::control {

/// A configuration file, read and checked with all that it names.
struct CheckedFile {
  explicit CheckedFile(const std::string& path);

  std::string text;
  std::optional<Config> config;  ///< nothing when it cannot be read
  std::shared_ptr<CertificateStore> certificates;
  std::string problems;  ///< lines for the operator: errors, and warnings
  bool good = false;     ///< there are no errors, so there is a configuration
};

}  // namespace sluice::control
