#include "control/checked_file.h"

#include <utility>

#include "control/config/checks.h"
#include "control/config/load.h"
#include "control/dataplane.h"

namespace sluice::control {

CheckedFile::CheckedFile(const std::string& path) {
  Diagnostics found;
  if (auto read = read_config_file(path, found)) {
    text = *std::move(read);
    config = read_config(text, found);
  }
  if (config) {
    certificates = std::make_shared<CertificateStore>(worker_count(*config));
    check_certificates(*config, *certificates, found);
    check_ticket_keys(*config, found);
    check_account(*config, found);
  }
  problems = found.format(path);
  good = found.ok();
}

}  // namespace sluice::control
