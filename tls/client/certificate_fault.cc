#include "tls/client/certificate_fault.h"

namespace sluice::tls {

CertificateFault certificate_fault(const Failure& failure) {
  switch (failure.code) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_CERT_UNTRUSTED:
      return CertificateFault::kUnknownAuthority;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return CertificateFault::kWrongName;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return CertificateFault::kExpired;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return CertificateFault::kNotYetValid;
    default:
      return CertificateFault::kOther;
  }
}

std::string_view to_string(CertificateFault fault) {
  switch (fault) {
    case CertificateFault::kUnknownAuthority:
      return "unknown authority";
    case CertificateFault::kWrongName:
      return "wrong name";
    case CertificateFault::kExpired:
      return "expired";
    case CertificateFault::kNotYetValid:
      return "not yet valid";
    case CertificateFault::kOther:
      break;
  }
  return "other";
}

}  // namespace sluice::tls
