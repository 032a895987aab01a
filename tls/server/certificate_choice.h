#pragma once

#include "tls/certificate/certificate_set.h"
#include "tls/openssl_types.h"

namespace sluice::tls {

/// The certificate for the client on `ssl`, whose hello has been read and whose version is agreed
/// on. Of those for the name it asks for, exact before wildcard, or else of the set's fallback, the
/// first type of key that it can verify, and in TLS 1.2 has a cipher and curve for; when it can
/// verify none, OpenSSL is left to refuse it.
const SharedCertificate& choose_certificate(SSL* ssl, const CertificateSet& certificates);

}  // namespace sluice::tls
