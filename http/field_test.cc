#include "http/field.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::http {
namespace {

TEST(FieldKind, IsFoundInAnyCase) {
  EXPECT_EQ(kind_of("Host"), FieldKind::kHost);
  EXPECT_EQ(kind_of("cOnTeNt-LeNgTh"), FieldKind::kContentLength);
  EXPECT_EQ(kind_of("TRANSFER-ENCODING"), FieldKind::kTransferEncoding);
  EXPECT_EQ(kind_of("connection"), FieldKind::kConnection);
  EXPECT_EQ(kind_of("Upgrade"), FieldKind::kUpgrade);
  EXPECT_EQ(kind_of("Expect"), FieldKind::kExpect);
  EXPECT_EQ(kind_of("X-Forwarded-For"), FieldKind::kForwardedFor);
  EXPECT_EQ(kind_of("X-Forwarded-Proto"), FieldKind::kForwardedProto);
  EXPECT_EQ(kind_of("X-Forwarded-Host"), FieldKind::kForwardedHost);
}

// RFC 9110 section 7.6.1.
TEST(FieldKind, KnowsWhatIsHopByHop) {
  for (const char* name :
       {"TE", "Trailer", "Keep-Alive", "Proxy-Connection", "Proxy", "Proxy-Authenticate",
        "Proxy-Authorization", "HTTP2-Settings", "Proxy-Authentication-Info"}) {
    EXPECT_EQ(kind_of(name), FieldKind::kHopByHop) << name;
  }
}

TEST(FieldKind, KnowsWhatOnlyWeSayOfClientsCertificates) {
  for (const char* name : {"X-SSL-Client-Verify", "x-ssl-client-dn", "X_SSL_CLIENT_SERIAL",
                           "X-SSL-Client-Whatever-Else-There-May-Be"}) {
    EXPECT_EQ(kind_of(name), FieldKind::kClientCertificate) << name;
  }
  for (const char* name : {"X-SSL-Client", "X-SSL-Cipher", "XX-SSL-Client-DN"}) {
    EXPECT_EQ(kind_of(name), FieldKind::kOther) << name;
  }
}

TEST(FieldKind, IsOtherForNamesThatOnlyResemble) {
  for (const char* name : {"", "x", "Hos", "Hosts", "Content_Length", "Content-Lengt",
                           "Proxy-Status", "Transfer-Encodin\xe7", "Accept-Encoding",
                           "a-name-that-is-longer-than-any-that-is-known"}) {
    EXPECT_EQ(kind_of(name), FieldKind::kOther) << name;
  }
}

TEST(ConnectionOptions, ReadsListsOverSeveralFields) {
  ConnectionOptions options;
  ASSERT_TRUE(options.add("Close , X-One"));
  ASSERT_TRUE(options.add(",,\tx-two,"));
  EXPECT_TRUE(options.close());
  EXPECT_FALSE(options.keep_alive());
  EXPECT_TRUE(options.nominates("X-One"));
  EXPECT_TRUE(options.nominates("X-TWO"));
  EXPECT_FALSE(options.nominates("X-Three"));
  EXPECT_FALSE(options.nominates(""));
}

TEST(ConnectionOptions, RefusesWhatIsNoToken) {
  ConnectionOptions options;
  EXPECT_FALSE(options.add("close;q=1"));
  EXPECT_FALSE(ConnectionOptions().add("a b"));
  EXPECT_FALSE(ConnectionOptions().add("\"close\""));
}

TEST(ConnectionOptions, RefusesMoreNominationsThanItRemembers) {
  std::string list = "close";
  for (std::size_t i = 0; i < ConnectionOptions::kMaxNominated; ++i) {
    list += ",x" + std::to_string(i);
  }
  EXPECT_TRUE(ConnectionOptions().add(list));
  EXPECT_FALSE(ConnectionOptions().add(list + ",one-more"));
}

}  // namespace
}  // namespace sluice::http
