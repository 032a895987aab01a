#include "tls/client/client_context.h"

#include <gtest/gtest.h>
#include <openssl/pem.h>

#include <ctime>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "tls/client/verified_leaves.h"
#include "tls/testing/certificates.h"
#include "tls/testing/temporary_directory.h"
#include "tls/testing/test_client.h"

namespace sluice::tls {
namespace {

using testing::CertificateAuthority;
using testing::TemporaryDirectory;

// What the operator is told of settings that are right but for one change.
std::string refusal(const std::function<void(ClientSettings&)>& change) {
  ClientSettings settings{.verification = Verification::kNone};
  change(settings);
  try {
    const ClientContext context(settings);
    return "";
  } catch (const std::runtime_error& error) {
    return error.what();
  }
}

TEST(ClientContext, SaysWhichSettingCannotBeUsed) {
  EXPECT_EQ(refusal([](ClientSettings&) {}), "");
  const auto told = [](const std::string& text, const std::string& part) {
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  told(refusal([](auto& settings) { settings.ciphers = "nonsense"; }), "ciphers \"nonsense\": ");
  told(refusal([](auto& settings) { settings.ciphersuites = "TLS_X"; }), "ciphersuites \"TLS_X\"");
  told(refusal([](auto& settings) { settings.groups = "P-1"; }), "groups \"P-1\": ");
  told(refusal([](auto& settings) { settings.alpn = {""}; }), "ALPN protocol name");
  told(refusal([](auto& settings) { settings.max_version = Version{TLS1_1_VERSION}; }), "version");
  told(refusal([](auto& settings) {
         settings.certificate = {"/nowhere.pem", {}};
       }),
       "/nowhere.pem: ");
}

TEST(ClientContext, VerifyingTakesAuthorities) {
  const auto with = [](const std::filesystem::path& path) {
    return refusal([&path](auto& settings) {
      settings.verification = Verification::kAuthority;
      settings.authorities = path;
    });
  };
  const TemporaryDirectory files;
  EXPECT_NE(with({}), "");
  EXPECT_NE(with("/nowhere.pem").find("/nowhere.pem: "), std::string::npos);
  EXPECT_NE(with(files.write("empty.pem", "")).find("no certificate"), std::string::npos);
  EXPECT_EQ(with(files.write("good.pem", CertificateAuthority().certificate())), "");
}

TEST(ClientContext, OutlivesItselfInWhatWasMadeFromIt) {
  std::shared_ptr<SSL_CTX> context;
  {
    const ClientContext made(testing::trusting_client(TLS1_3_VERSION));
    context = made.context();
  }
  const OpenSslPointer<SSL> ssl(SSL_new(context.get()));
  EXPECT_NE(ssl, nullptr);
}

class VerifiedLeavesTest : public ::testing::Test {
 public:
  static OpenSslPointer<X509> leaf() {
    const std::string pem = CertificateAuthority().issue({}).certificate;
    const OpenSslPointer<BIO> source(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    return OpenSslPointer<X509>(PEM_read_bio_X509(source.get(), nullptr, nullptr, nullptr));
  }
  const std::time_t now = std::time(nullptr);
  VerifiedLeaves leaves;
};

TEST_F(VerifiedLeavesTest, AreKnownByCertificateAndNameForAnHour) {
  const auto one = leaf();
  const auto two = leaf();
  leaves.add(one.get(), "a.test", now);
  EXPECT_TRUE(leaves.contains(one.get(), "a.test", now));
  EXPECT_TRUE(leaves.contains(one.get(), "a.test", now + 3599));
  EXPECT_FALSE(leaves.contains(one.get(), "a.test", now + 3600));
  EXPECT_FALSE(leaves.contains(one.get(), "b.test", now));
  EXPECT_FALSE(leaves.contains(two.get(), "a.test", now));
}

TEST_F(VerifiedLeavesTest, AreNotRememberedBeyondTheirExpiry) {
  const auto one = leaf();  // valid for a day
  const std::time_t late = now + 86400 - 1800;
  leaves.add(one.get(), "a.test", late);
  EXPECT_FALSE(leaves.contains(one.get(), "a.test", late));
}

TEST_F(VerifiedLeavesTest, AreNeverTooMany) {
  const auto one = leaf();
  for (std::size_t i = 0; i <= VerifiedLeaves::kCapacity; ++i) {
    leaves.add(one.get(), std::to_string(i), now);
  }
  EXPECT_FALSE(leaves.contains(one.get(), "0", now));
  EXPECT_TRUE(leaves.contains(one.get(), std::to_string(VerifiedLeaves::kCapacity), now));
}

}  // namespace
}  // namespace sluice::tls
