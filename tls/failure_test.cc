#include "tls/failure.h"

#include <gtest/gtest.h>
#include <openssl/err.h>

#include <map>

namespace sluice::tls {
namespace {

using Kind = Failure::Kind;

TEST(Failure, IsPutIntoWords) {
  EXPECT_EQ(to_string(Failure{}), "none");
  EXPECT_EQ(to_string({Kind::kAlertReceived, SSL_AD_HANDSHAKE_FAILURE}),
            "alert received: handshake failure");
  EXPECT_EQ(to_string({Kind::kAlertReceived, TLS13_AD_CERTIFICATE_REQUIRED}),
            "alert received: certificate required");
  EXPECT_EQ(to_string({Kind::kAlertReceived, 250}), "alert received: number 250");
  EXPECT_EQ(to_string({Kind::kAlertSent, SSL_AD_BAD_RECORD_MAC}), "alert sent: bad record mac");
  EXPECT_EQ(to_string({Kind::kCertificate, X509_V_ERR_CERT_HAS_EXPIRED}),
            "certificate: certificate has expired");
  EXPECT_EQ(to_string({Kind::kProtocol, 0}), "protocol violation");
  EXPECT_EQ(to_string({Kind::kNotTls}), "not TLS");
  EXPECT_EQ(to_string({Kind::kTooLong}), "handshake too long");
  EXPECT_EQ(to_string({Kind::kControlFlood}), "too many records without data");
}

TEST(Failure, FitsIntoANumber) {
  EXPECT_EQ(packed(Failure{}), 0U);
  const Failure largest{Kind::kControlFlood, 0xffffffff};
  EXPECT_EQ(unpacked(packed(largest)), largest);
  const Failure expired{Kind::kCertificate, X509_V_ERR_CERT_HAS_EXPIRED};
  EXPECT_EQ(unpacked(packed(expired)), expired);
}

TEST(Failure, CanBeCountedByReason) {
  std::map<Failure, int> counts;
  ++counts[{Kind::kAlertReceived, SSL_AD_HANDSHAKE_FAILURE}];
  ++counts[{Kind::kAlertReceived, SSL_AD_HANDSHAKE_FAILURE}];
  ++counts[{Kind::kAlertSent, SSL_AD_HANDSHAKE_FAILURE}];
  EXPECT_EQ(counts.size(), 2U);
  EXPECT_EQ((counts[{Kind::kAlertReceived, SSL_AD_HANDSHAKE_FAILURE}]), 2);
}

TEST(Failure, IsTakenFromOpenSslsErrors) {
  OPENSSL_init_ssl(OPENSSL_INIT_LOAD_SSL_STRINGS, nullptr);
  ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
  ERR_raise(ERR_LIB_SSL, SSL_R_TLSV1_ALERT_DECODE_ERROR);
  EXPECT_EQ(take_failure(nullptr, -1), (Failure{Kind::kAlertReceived, SSL_AD_DECODE_ERROR}));
  EXPECT_EQ(ERR_peek_error(), 0U);

  ERR_raise(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER);
  EXPECT_EQ(take_failure(nullptr, SSL_AD_HANDSHAKE_FAILURE),
            (Failure{Kind::kAlertSent, SSL_AD_HANDSHAKE_FAILURE}));

  ERR_raise(ERR_LIB_SSL, SSL_R_NO_SHARED_CIPHER);
  EXPECT_EQ(to_string(take_failure(nullptr, -1)), "no shared cipher");
}

}  // namespace
}  // namespace sluice::tls
