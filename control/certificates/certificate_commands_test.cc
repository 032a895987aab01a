#include "control/certificates/certificate_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tls/testing/certificates.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

using ::testing::HasSubstr;

class CertificateCommandsTest : public ::testing::Test {
 protected:
  CertificateCommandsTest() {
    (void)store_.at(path_);
    add_certificate_commands(commands_, store_, [this] { ++published_; });
  }
  Answer run(std::vector<std::string> words) { return commands_.run(words); }
  std::string other() { return authority_.issue({.dns_names = {"other"}}).both(); }

  tls::testing::TemporaryDirectory directory_;
  tls::testing::CertificateAuthority authority_;
  std::string path_ = directory_.write(
      "a.pem",
      authority_.issue({.dns_names = {"a.example"}, .ip_addresses = {"198.18.0.1"}}).both() +
          authority_.certificate());
  CertificateStore store_{1};
  CommandTable commands_;
  int published_ = 0;
};

TEST_F(CertificateCommandsTest, ACommitPublishes) {
  EXPECT_EQ(run({"set", "ssl", "cert", path_, other()}).text,
            "Transaction created for certificate " + path_ + "!\n");
  EXPECT_EQ(run({"set", "ssl", "cert", path_, other()}).text,
            "Transaction updated for certificate " + path_ + "!\n");
  EXPECT_EQ(published_, 0);
  EXPECT_EQ(run({"show", "ssl", "cert"}).text,
            "# transaction\n*" + path_ + "\n# filename\n" + path_ + "\n");
  EXPECT_EQ(run({"commit", "ssl", "cert", path_}).text, "Committing " + path_ + ".\nSuccess!\n");
  EXPECT_EQ(published_, 1);
  EXPECT_TRUE(run({"commit", "ssl", "cert", path_}).failed);
  EXPECT_EQ(published_, 1);
}

TEST_F(CertificateCommandsTest, AnAbortPublishesNothing) {
  (void)run({"set", "ssl", "cert", path_, other()});
  EXPECT_EQ(run({"abort", "ssl", "cert", path_}).text,
            "Transaction aborted for certificate '" + path_ + "'!\n");
  EXPECT_EQ(run({"show", "ssl", "cert"}).text, "# filename\n" + path_ + "\n");
  EXPECT_EQ(published_, 0);
}

TEST_F(CertificateCommandsTest, OneIsShownInFull) {
  const std::string text = run({"show", "ssl", "cert", path_}).text;
  EXPECT_THAT(text, HasSubstr("Filename: " + path_ + "\nStatus: Used\nSerial: 02\nnotBefore: "));
  EXPECT_THAT(text,
              HasSubstr("\nSubject Alternative Name: DNS:a.example, IP Address:198.18.0.1\n"));
  EXPECT_THAT(text, HasSubstr("\nAlgorithm: ECDSA P-256\n"));
  EXPECT_THAT(text, HasSubstr("\nSubject: CN=test\nIssuer: CN=test authority\n"));
  EXPECT_THAT(text, HasSubstr("\nChain Subject: CN=test authority\n"));
  EXPECT_THAT(text, HasSubstr("\nOCSP Response: none\n"));
  EXPECT_TRUE(run({"show", "ssl", "cert", "*" + path_}).failed) << "nothing is staged";
  (void)run({"set", "ssl", "cert", path_, other()});
  EXPECT_THAT(run({"show", "ssl", "cert", "*" + path_}).text, HasSubstr("Status: Unused"));
}

TEST_F(CertificateCommandsTest, TheirEndIsThereForPrograms) {
  const auto list = nlohmann::json::parse(run({"show", "ssl", "cert", "json"}).text);
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["name"], path_);
  EXPECT_EQ(list[0]["names"][0], "a.example");
  EXPECT_NEAR(list[0]["expires_in"].get<double>(), 86400, 60);
  EXPECT_EQ(list[0]["ocsp_stapled"], false);
}

TEST_F(CertificateCommandsTest, WrongWordsAreRefused) {
  EXPECT_TRUE(run({"set", "ssl", "cert"}).failed);
  EXPECT_TRUE(run({"set", "ssl", "cert", path_, "a", "b"}).failed);
  EXPECT_TRUE(run({"set", "ssl", "cert", path_, "no PEM"}).failed);
  EXPECT_TRUE(run({"commit", "ssl", "cert"}).failed);
  EXPECT_TRUE(run({"abort", "ssl", "cert", "unknown"}).failed);
  EXPECT_TRUE(run({"show", "ssl", "cert", "unknown"}).failed);
}

}  // namespace
}  // namespace sluice::control
