#include "tls/client/certificate_fault.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::tls {
namespace {

CertificateFault fault_of(std::uint32_t code) {
  return certificate_fault({Failure::Kind::kCertificate, code});
}

TEST(CertificateFault, IsWhatAnOperatorWouldActUpon) {
  EXPECT_EQ(fault_of(X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT), CertificateFault::kUnknownAuthority);
  EXPECT_EQ(fault_of(X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY),
            CertificateFault::kUnknownAuthority);
  EXPECT_EQ(fault_of(X509_V_ERR_HOSTNAME_MISMATCH), CertificateFault::kWrongName);
  EXPECT_EQ(fault_of(X509_V_ERR_IP_ADDRESS_MISMATCH), CertificateFault::kWrongName);
  EXPECT_EQ(fault_of(X509_V_ERR_CERT_HAS_EXPIRED), CertificateFault::kExpired);
  EXPECT_EQ(fault_of(X509_V_ERR_CERT_NOT_YET_VALID), CertificateFault::kNotYetValid);
  EXPECT_EQ(fault_of(X509_V_ERR_INVALID_PURPOSE), CertificateFault::kOther);
}

TEST(CertificateFault, HasAWordOfItsOwn) {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < kCertificateFaults; ++i) {
    words.insert(to_string(static_cast<CertificateFault>(i)));
  }
  EXPECT_EQ(words.size(), kCertificateFaults);
}

}  // namespace
}  // namespace sluice::tls
