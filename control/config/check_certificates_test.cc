#include <gtest/gtest.h>

#include "control/config/checks.h"
#include "control/config/load.h"
#include "tls/testing/certificates.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

using tls::testing::CertificateAuthority;
using tls::testing::TemporaryDirectory;

class CertificateCheck : public ::testing::Test {
 protected:
  // What is said about a frontend with these certificates; "DIR" stands for the directory.
  std::string check(const std::vector<std::string>& paths, FrontendConfig frontend = {}) {
    Config config;
    std::uint32_t line = 0;
    for (const std::string& path : paths) {
      frontend.certificates.push_back({directory_.path() / path, {++line, 1}});
    }
    config.frontends.push_back(std::move(frontend));
    return check(config);
  }

  // What is said about a backend with these authorities and this certificate of ours.
  std::string check_backend(const std::string& authorities, const std::string& certificate) {
    Config config;
    BackendConfig backend;
    backend.tls.enabled = {true, {1, 1}};
    if (!authorities.empty()) {
      backend.tls.authorities = {directory_.path() / authorities, {2, 1}};
    } else {
      backend.tls.verify.value = tls::Verification::kNone;
    }
    if (!certificate.empty()) backend.tls.certificate = {directory_.path() / certificate, {3, 1}};
    config.backends.push_back(std::move(backend));
    return check(config);
  }

  std::string check(const Config& config) {
    CertificateStore certificates(1);
    Diagnostics problems;
    check_certificates(config, certificates, problems);
    std::string text = problems.format("f");
    const std::string name = directory_.path().string();
    for (std::size_t at; (at = text.find(name)) != std::string::npos;) {
      text.replace(at, name.size(), "DIR");
    }
    return text;
  }

  TemporaryDirectory directory_;
  CertificateAuthority authority_;
};

TEST_F(CertificateCheck, AcceptsAPairAndAdvisesOfItsEnd) {
  directory_.write("a.pem", authority_.issue({.dns_names = {"a.example"}}).both());
  EXPECT_EQ(check({"a.pem"}), "f:1:1: warning: certificate 'DIR/a.pem' expires within 1 day\n");
}

TEST_F(CertificateCheck, NamesTheFileThatCannotBeUsed) {
  const auto first = authority_.issue({.dns_names = {"a.example"}});
  const auto second = authority_.issue({.dns_names = {"b.example"}});
  directory_.write("mixed.pem", first.certificate + second.key);
  directory_.write("keyless.pem", first.certificate);
  directory_.write("empty.pem", "");
  const std::string text = check({"mixed.pem", "keyless.pem", "empty.pem", "missing.pem"});
  for (const char* start : {"f:1:1: ", "f:2:1: ", "f:3:1: ", "f:4:1: "}) {
    EXPECT_NE(text.find(start), std::string::npos) << text;
  }
  for (const char* file : {"mixed.pem", "keyless.pem", "empty.pem", "missing.pem"}) {
    EXPECT_NE(text.find(file), std::string::npos) << text;
  }
}

TEST_F(CertificateCheck, ReadsWhatBackendsNeed) {
  directory_.write("ca.pem", authority_.certificate());
  directory_.write("client.pem", authority_.issue({.expires_in = 30L * 86400}).both());
  EXPECT_EQ(check_backend("ca.pem", "client.pem"), "");
  EXPECT_EQ(check_backend("", ""), "") << "who is not verified needs no authorities";
}

TEST_F(CertificateCheck, NamesTheFileOfABackendThatCannotBeUsed) {
  directory_.write("ca.pem", authority_.certificate());
  directory_.write("keyless.pem", authority_.issue({}).certificate);
  directory_.write("old.pem", authority_.issue({.expires_in = -60}).both());
  EXPECT_EQ(check_backend("none.pem", ""), "f:2:1: DIR/none.pem: No such file or directory\n");
  EXPECT_NE(check_backend("ca.pem", "keyless.pem").find("f:3:1: DIR/keyless.pem: no private key"),
            std::string::npos);
  EXPECT_EQ(check_backend("ca.pem", "old.pem"),
            "f:3:1: warning: certificate 'DIR/old.pem' has expired\n");
}

TEST_F(CertificateCheck, LooksAtEveryFileOfADirectory) {
  directory_.write("a.pem", authority_.issue({.dns_names = {"a.example"}}).certificate);
  directory_.write("b.pem", authority_.issue({.dns_names = {"b.example"}}).certificate);
  const std::string text = check({"."});
  EXPECT_NE(text.find("a.pem"), std::string::npos) << text;
  EXPECT_NE(text.find("b.pem"), std::string::npos) << text;
}

TEST_F(CertificateCheck, AKeyThatNoCipherWorksWithIsNoticed) {
  directory_.write("a.pem", authority_.issue({.dns_names = {"a.example"}}).both());
  FrontendConfig frontend;
  frontend.tls.ciphers = {{"ECDHE-RSA-AES128-GCM-SHA256", {}}};
  const std::string fault =
      "certificate 'DIR/a.pem' has an ECDSA P-256 key, with which none of "
      "'tls.ciphers' works";
  EXPECT_NE(check({"a.pem"}, frontend).find("warning: " + fault), std::string::npos);
  frontend.tls.max_version.value = tls::Version::kTls12;
  EXPECT_NE(check({"a.pem"}, frontend).find("f:1:1: " + fault + "\n"), std::string::npos);
  frontend.tls.ciphers.push_back({"ECDHE-ECDSA-AES128-GCM-SHA256", {}});
  EXPECT_EQ(check({"a.pem"}, frontend).find("cipher"), std::string::npos);
}

}  // namespace
}  // namespace sluice::control
