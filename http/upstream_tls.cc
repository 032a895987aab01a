#include "http/upstream_tls.h"

namespace sluice::http {

tls::SecureStream* UpstreamTls::connect(Stream& lower, StreamHandler& handler,
                                        tls::Environment& environment) {
  if (context_ == nullptr) return nullptr;
  const auto session = sessions_.take();
  return tls::connect(lower, *context_, {.server_name = server_name_, .session = session.get()},
                      handler, environment);
}

bool refused_handshake(const tls::SecureStream& stream) {
  if (stream.failure().kind != tls::Failure::Kind::kAlertReceived) return false;
  if (stream.negotiated_version() != "TLSv1.3") return false;
  switch (stream.failure().code) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_DECRYPT_ERROR:
    case TLS13_AD_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

}  // namespace sluice::http
