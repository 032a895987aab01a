#include "control/client_contexts.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "control/config/client_settings.h"
#include "tls/testing/certificates.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

class ClientContextsTest : public ::testing::Test {
 protected:
  ClientContextsTest() {
    config_.enabled.value = true;
    config_.authorities.value = files_.write("ca.pem", authority_.certificate());
  }

  tls::testing::TemporaryDirectory files_;
  tls::testing::CertificateAuthority authority_;
  BackendTlsConfig config_;
  ClientContexts contexts_{2, nullptr};
};

TEST_F(ClientContextsTest, AreOneForEachWorker) {
  const auto list = contexts_.of(config_);
  ASSERT_EQ(list.size(), 2U);
  EXPECT_NE(list[0]->context(), list[1]->context());
}

TEST_F(ClientContextsTest, AreTheSameForTheSameSettingsAndFiles) {
  config_.certificate.value = files_.write("client.pem", authority_.issue({}).both());
  const auto list = contexts_.of(config_);
  EXPECT_EQ(contexts_.of(config_), list);
  BackendTlsConfig copied = config_;
  copied.authorities.value = files_.write("copy.pem", authority_.certificate());
  copied.server_name.value = "other.example";
  EXPECT_EQ(contexts_.of(copied), list) << "a name is no matter of the context";
}

TEST_F(ClientContextsTest, AreOthersForOtherSettings) {
  const auto list = contexts_.of(config_);
  BackendTlsConfig changed = config_;
  changed.verify.value = tls::Verification::kNone;
  EXPECT_NE(contexts_.of(changed), list);
  changed = config_;
  changed.min_version.value = tls::Version::kTls13;
  EXPECT_NE(contexts_.of(changed), list);
  changed = config_;
  changed.certificate.value = files_.write("client.pem", authority_.issue({}).both());
  EXPECT_NE(contexts_.of(changed), list);
  EXPECT_NE(contexts_.of(config_, Mode::kTcp), list) << "which offers no protocol";
}

TEST_F(ClientContextsTest, AreOthersOnceAFileHoldsSomethingElse) {
  config_.certificate.value = files_.write("client.pem", authority_.issue({}).both());
  const auto list = contexts_.of(config_);
  files_.write("client.pem", authority_.issue({}).both());
  const auto renewed = contexts_.of(config_);
  EXPECT_NE(renewed, list);
  files_.write("ca.pem", tls::testing::CertificateAuthority().certificate());
  EXPECT_NE(contexts_.of(config_), renewed);
}

TEST_F(ClientContextsTest, AreForgottenWithTheirLastUser) {
  std::weak_ptr<const tls::ClientContext> first = contexts_.of(config_)[0];
  EXPECT_TRUE(first.expired());
  EXPECT_NE(contexts_.of(config_)[0], nullptr);
}

TEST_F(ClientContextsTest, CannotBeMadeOfAFileThatIsGone) {
  config_.authorities.value = (files_.path() / "none.pem").string();
  EXPECT_THROW((void)contexts_.of(config_), std::runtime_error);
}

TEST(ClientSettings, VerifyUnlessTheyAreToldNotTo) {
  BackendTlsConfig config;
  config.authorities.value = "/ca.pem";
  EXPECT_EQ(client_settings(config).verification, tls::Verification::kAuthority);
  EXPECT_EQ(client_settings(config).authorities, "/ca.pem");
  EXPECT_EQ(client_settings(config).min_version, tls::Version::kTls12);
  config.verify.value = tls::Verification::kNone;
  EXPECT_EQ(client_settings(config).verification, tls::Verification::kNone);
}

}  // namespace
}  // namespace sluice::control
