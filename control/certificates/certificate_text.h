#pragma once

#include <cstdint>
#include <string>

#include "control/certificates/certificate_store.h"

namespace sluice::control {

/// What `show ssl cert NAME` says of one certificate, in HAProxy's form.
std::string describe_certificate(const tls::SharedCertificate& certificate, bool staged);

/// `show ssl cert json`: a list of objects. Times are seconds since the epoch.
std::string certificates_as_json(const CertificateStore::Entries& entries, std::int64_t now);

}  // namespace sluice::control
