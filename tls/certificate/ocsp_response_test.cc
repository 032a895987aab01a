#include "tls/certificate/ocsp_response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>

#include <ctime>
#include <stdexcept>

#include "tls/server/server_identity.h"
#include "tls/testing/certificates.h"
#include "tls/testing/connection.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::tls {
namespace {

using testing::CertificateAuthority;
using ::testing::HasSubstr;

OpenSslPointer<X509> parse(const std::string& pem) {
  const OpenSslPointer<BIO> source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return OpenSslPointer<X509>(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
}

class Ocsp : public ::testing::Test {
 protected:
  // What is wrong with a response for issued_, as far as is known of its issuer; "" when nothing.
  std::string refusal(const std::vector<std::uint8_t>& der, const std::string& issuer = {}) {
    const OpenSslPointer<X509> leaf = parse(issued_.certificate);
    const OpenSslPointer<X509> authority = issuer.empty() ? nullptr : parse(issuer);
    try {
      (void)parse_ocsp_response(der, leaf.get(), authority.get());
    } catch (const std::runtime_error& fault) {
      return fault.what();
    }
    return {};
  }

  std::vector<std::uint8_t> response(int status = V_OCSP_CERTSTATUS_GOOD) {
    return authority_.ocsp_response(issued_.certificate, status);
  }

  CertificateAuthority authority_;
  testing::IssuedCertificate issued_ = authority_.issue({.dns_names = {"a"}});
};

TEST_F(Ocsp, AGoodOneIsTakenWithAndWithoutTheIssuer) {
  EXPECT_EQ(refusal(response()), "");
  EXPECT_EQ(refusal(response(), authority_.certificate()), "");
}

TEST_F(Ocsp, WhatIsNoneIsRefused) {
  EXPECT_THAT(refusal({}), HasSubstr("no OCSP response"));
  EXPECT_THAT(refusal({1, 2, 3}), HasSubstr("no OCSP response"));
  std::vector<std::uint8_t> cut = response();
  cut.resize(cut.size() / 2);
  EXPECT_THAT(refusal(cut), HasSubstr("no OCSP response"));
  // OCSPResponse ::= SEQUENCE { responseStatus tryLater (3) }
  EXPECT_THAT(refusal({0x30, 0x03, 0x0a, 0x01, 0x03}), HasSubstr("trylater"));
}

TEST_F(Ocsp, AnotherCertificatesIsRefused) {
  const auto other = authority_.issue({.dns_names = {"b"}});
  EXPECT_THAT(refusal(authority_.ocsp_response(other.certificate, V_OCSP_CERTSTATUS_GOOD)),
              HasSubstr("another certificate"));
  // The same name of the issuer and the same number, but another issuer's key.
  CertificateAuthority namesake;
  const auto same_number = namesake.issue({.dns_names = {"a"}});
  ASSERT_EQ(same_number.serial, issued_.serial);
  EXPECT_THAT(refusal(namesake.ocsp_response(same_number.certificate, V_OCSP_CERTSTATUS_GOOD),
                      authority_.certificate()),
              HasSubstr("another certificate"));
}

TEST_F(Ocsp, ARevokedCertificatesIsRefused) {
  EXPECT_THAT(refusal(response(V_OCSP_CERTSTATUS_REVOKED)), HasSubstr("revoked"));
  EXPECT_THAT(refusal(response(V_OCSP_CERTSTATUS_UNKNOWN)), HasSubstr("unknown"));
}

TEST_F(Ocsp, ItIsCurrentFromTheOneTimeToTheOther) {
  const OcspResponse response{.der = {}, .this_update = 1000, .next_update = 2000};
  EXPECT_FALSE(response.current(600)) << "clocks differ by minutes, not more";
  EXPECT_TRUE(response.current(800));
  EXPECT_TRUE(response.current(1999));
  EXPECT_FALSE(response.current(2000));
}

// What a client is shown that asks for a response.
class Stapling : public Ocsp {
 protected:
  std::string stapled(int version, const std::vector<std::uint8_t>& beside, bool ask = true) {
    const auto path = files_.write("a.pem", issued_.both());
    files_.write("a.pem.ocsp", {reinterpret_cast<const char*>(beside.data()), beside.size()});
    const std::vector<CertificateSource> sources{{path, {}}};
    const ServerIdentity identity(sources, {});
    problem_ = identity.certificates().certificates().front()->info().ocsp_problem;
    testing::Connection connection(identity, {.client = {.version = version}});
    if (ask) SSL_set_tlsext_status_type(connection.client.ssl(), TLSEXT_STATUSTYPE_ocsp);
    connection.handshake();
    EXPECT_TRUE(connection.client.open()) << connection.client.error();
    const unsigned char* bytes = nullptr;
    const long size = SSL_get_tlsext_status_ocsp_resp(connection.client.ssl(), &bytes);
    connection.handler.abort();
    if (size <= 0) return {};
    return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)};
  }

  testing::TemporaryDirectory files_;
  std::string problem_;
};

TEST_F(Stapling, AResponseBesideTheCertificateIsShownToWhoAsks) {
  const auto good = response();
  const std::string expected(good.begin(), good.end());
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    EXPECT_EQ(stapled(version, good), expected);
    EXPECT_EQ(stapled(version, good, false), "");
  }
  EXPECT_EQ(problem_, "");
}

TEST_F(Stapling, AnExpiredResponseIsNotShown) {
  const auto expired =
      authority_.ocsp_response(issued_.certificate, V_OCSP_CERTSTATUS_GOOD, -7200, -3600);
  EXPECT_EQ(stapled(TLS1_2_VERSION, expired), "");
  EXPECT_EQ(stapled(TLS1_3_VERSION, expired), "");
}

TEST_F(Stapling, AResponseOfNoUseLeavesTheCertificateUsable) {
  EXPECT_EQ(stapled(TLS1_3_VERSION, {1, 2, 3}), "");
  EXPECT_THAT(problem_, HasSubstr("a.pem.ocsp: it is no OCSP response"));
}

}  // namespace
}  // namespace sluice::tls
