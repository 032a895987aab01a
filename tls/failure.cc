#include "tls/failure.h"

#include <openssl/err.h>

namespace sluice::tls {
namespace {

// OpenSSL 3.0 has no words for what only TLS 1.3 has.
std::string alert_name(std::uint32_t code) {
  if (code == TLS13_AD_MISSING_EXTENSION) return "missing extension";
  if (code == TLS13_AD_CERTIFICATE_REQUIRED) return "certificate required";
  const std::string name = SSL_alert_desc_string_long(static_cast<int>(code));
  return name == "unknown" ? "number " + std::to_string(code) : name;
}

std::string reason_name(std::uint32_t code) {
  const char* reason = ERR_reason_error_string(code);
  return reason == nullptr ? "protocol violation" : reason;
}

}  // namespace

std::string to_string(const Failure& failure) {
  switch (failure.kind) {
    case Failure::Kind::kNone:
      return "none";
    case Failure::Kind::kAlertReceived:
      return "alert received: " + alert_name(failure.code);
    case Failure::Kind::kAlertSent:
      return "alert sent: " + alert_name(failure.code);
    case Failure::Kind::kCertificate:
      return std::string("certificate: ") + X509_verify_cert_error_string(failure.code);
    case Failure::Kind::kProtocol:
      return reason_name(failure.code);
    case Failure::Kind::kNotTls:
      return "not TLS";
    case Failure::Kind::kTooLong:
      return "handshake too long";
    case Failure::Kind::kControlFlood:
      return "too many records without data";
  }
  return "unknown";
}

Failure take_failure(const SSL* ssl, int alert_sent) {
  // The last one is that of the protocol; those of the cryptography beneath it come before.
  const unsigned long error = ERR_peek_last_error();
  ERR_clear_error();
  const int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  // OpenSSL reports a fatal alert of the peer's as an error with this offset.
  if (reason >= SSL_AD_REASON_OFFSET) {
    return {Failure::Kind::kAlertReceived,
            static_cast<std::uint32_t>(reason - SSL_AD_REASON_OFFSET)};
  }
  if (ssl != nullptr && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    return {Failure::Kind::kCertificate, static_cast<std::uint32_t>(SSL_get_verify_result(ssl))};
  }
  if (alert_sent >= 0) {
    return {Failure::Kind::kAlertSent, static_cast<std::uint32_t>(alert_sent)};
  }
  return {Failure::Kind::kProtocol, static_cast<std::uint32_t>(error)};
}

}  // namespace sluice::tls
