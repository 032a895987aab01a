#include "tls/server/server_identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "tls/certificate/pem_file.h"
#include "tls/testing/certificates.h"
#include "tls/testing/connection.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::tls {
namespace {

namespace fs = std::filesystem;

using ::testing::AllOf;
using testing::CertificateAuthority;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::IssuedCertificate;
using testing::TemporaryDirectory;

// The message with which certificates are refused, or "" when they are not.
std::string refusal(const std::vector<CertificateSource>& sources) {
  try {
    const ServerIdentity identity(sources, {});
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return {};
}
std::string refusal(const fs::path& certificate, const fs::path& key = {}) {
  return refusal(std::vector<CertificateSource>{{certificate, key}});
}

class CertificateFiles : public ::testing::Test {
 public:
  CertificateAuthority authority;
  TemporaryDirectory files;
  IssuedCertificate issued = authority.issue({.dns_names = {"www.example.com"}});
};

TEST_F(CertificateFiles, KeyMayBeInTheSameFileBeforeOrBehind) {
  EXPECT_EQ(refusal(files.write("a.pem", issued.certificate + issued.key)), "");
  EXPECT_EQ(refusal(files.write("b.pem", issued.key + issued.certificate)), "");
  EXPECT_EQ(refusal(files.write("c.pem", "comment\n" + issued.both() + authority.certificate())),
            "");
}

TEST_F(CertificateFiles, KeyMayStandBesideOrBeNamed) {
  const fs::path appended = files.write("appended.crt", issued.certificate);
  files.write("appended.crt.key", issued.key);
  EXPECT_EQ(refusal(appended), "");
  const fs::path replaced = files.write("replaced.crt", issued.certificate);
  files.write("replaced.key", issued.key);
  EXPECT_EQ(refusal(replaced), "");
  const fs::path bare = files.write("bare.crt", issued.certificate);
  EXPECT_EQ(refusal(bare, files.path() / "replaced.key"), "");
}

TEST_F(CertificateFiles, RsaAndOldKeyFormsAreRead) {
  const IssuedCertificate rsa = authority.issue({.dns_names = {"rsa"}, .rsa_bits = 2048});
  EXPECT_EQ(refusal(files.write("rsa.pem", rsa.both())), "");
  EXPECT_EQ(refusal(files.write("old.pem", rsa.certificate + testing::traditional_key(rsa.key))),
            "");
  EXPECT_EQ(
      refusal(files.write("sec1.pem", issued.certificate + testing::traditional_key(issued.key))),
      "");
}

TEST_F(CertificateFiles, MissingFileIsNamed) {
  const std::string message = refusal(files.path() / "none.pem");
  EXPECT_THAT(message, AllOf(HasSubstr("none.pem: "), HasSubstr("No such file")));
}

TEST_F(CertificateFiles, MissingNamedKeyIsNamed) {
  const std::string message =
      refusal(files.write("a.pem", issued.both()), files.path() / "other.key");
  EXPECT_THAT(message, AllOf(HasSubstr("other.key: "), HasSubstr("No such file")));
}

TEST_F(CertificateFiles, UnreadableFileIsNamed) {
  if (::geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const fs::path path = files.write("secret.pem", issued.both());
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  EXPECT_THAT(refusal(path), AllOf(HasSubstr("secret.pem: "), HasSubstr("Permission denied")));
}

TEST_F(CertificateFiles, WhatIsNoFileIsRefusedWithoutWaiting) {
  EXPECT_THAT(refusal(files.path()), HasSubstr("not a file"));
  const fs::path fifo = files.path() / "fifo.pem";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(refusal(fifo), HasSubstr("not a file"));
}

TEST_F(CertificateFiles, FileWithoutCertificateIsRefused) {
  EXPECT_THAT(refusal(files.write("a.pem", issued.key)), HasSubstr("a.pem: no certificate"));
  EXPECT_THAT(refusal(files.write("b.pem", "")), HasSubstr("b.pem: no certificate"));
  EXPECT_THAT(refusal(files.write("c.pem", "hello")), HasSubstr("c.pem: no certificate"));
  EXPECT_THAT(refusal(files.write("d.pem", std::string(5 << 20, 'x'))), HasSubstr("too large"));
}

TEST_F(CertificateFiles, DamagedBlocksAreRefused) {
  std::string damaged = issued.certificate;
  damaged[damaged.find('\n') + 40] = '!';
  EXPECT_THAT(refusal(files.write("a.pem", damaged + issued.key)),
              AllOf(HasSubstr("a.pem: "), HasSubstr("damaged")));
  const std::string not_der = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
  EXPECT_THAT(refusal(files.write("b.pem", not_der)), HasSubstr("certificate 1 in it is damaged"));
  const std::string not_key = "-----BEGIN PRIVATE KEY-----\naGVsbG8=\n-----END PRIVATE KEY-----\n";
  EXPECT_THAT(refusal(files.write("c.pem", issued.certificate + not_key)),
              HasSubstr("c.pem: the private key in it is damaged"));
  const std::string cut = issued.certificate.substr(0, issued.certificate.size() / 2);
  EXPECT_THAT(refusal(files.write("d.pem", cut)), HasSubstr("damaged"));
}

TEST_F(CertificateFiles, DerIsRecognised) {
  EXPECT_THAT(refusal(files.write("a.crt", std::string("\x30\x82\x01\x00", 4))),
              HasSubstr("openssl x509 -inform DER"));
}

TEST_F(CertificateFiles, MissingKeyNamesThePlacesLookedAt) {
  const fs::path path = files.write("site.crt", issued.certificate);
  EXPECT_THAT(refusal(path), AllOf(HasSubstr("site.crt: no private key"), HasSubstr("site.crt.key"),
                                   HasSubstr("site.key")));
}

TEST_F(CertificateFiles, KeyFileWithoutKeyIsRefused) {
  const fs::path path = files.write("site.crt", issued.certificate);
  files.write("site.key", issued.certificate);
  EXPECT_THAT(refusal(path), HasSubstr("site.key: no private key in it"));
}

TEST_F(CertificateFiles, EncryptedKeyIsRefused) {
  for (const bool old_form : {false, true}) {
    const std::string key = testing::encrypted_key(issued.key, old_form);
    EXPECT_THAT(refusal(files.write("a.pem", issued.certificate + key)),
                AllOf(HasSubstr("a.pem: "), HasSubstr("encrypted")));
  }
}

TEST_F(CertificateFiles, ForeignKeyIsRefused) {
  const IssuedCertificate other = authority.issue({.dns_names = {"other"}});
  EXPECT_THAT(refusal(files.write("a.pem", issued.certificate + other.key)),
              HasSubstr("a.pem: the private key does not belong to this certificate"));
  const fs::path key = files.write("foreign.key", other.key);
  EXPECT_THAT(refusal(files.write("b.pem", issued.certificate), key),
              AllOf(HasSubstr("b.pem"), HasSubstr("foreign.key does not belong")));
}

TEST_F(CertificateFiles, ChainInTheWrongOrderIsExplained) {
  EXPECT_THAT(refusal(files.write("a.pem", authority.certificate() + issued.both())),
              HasSubstr("must come first"));
}

TEST_F(CertificateFiles, WeakKeyIsRefused) {
  const IssuedCertificate weak = authority.issue({.dns_names = {"weak"}, .rsa_bits = 1024});
  EXPECT_THAT(refusal(files.write("weak.pem", weak.both())),
              AllOf(HasSubstr("weak.pem: "), HasSubstr("too small")));
}

TEST_F(CertificateFiles, NoCertificateAtAllIsRefused) {
  EXPECT_THAT(refusal(std::vector<CertificateSource>{}), HasSubstr("at least one"));
}

TEST_F(CertificateFiles, DirectoryIsReadInOrderOfNames) {
  files.write("b.pem", issued.both());
  files.write("a.crt", issued.certificate);
  files.write("a.key", issued.key);
  files.write(".hidden.pem", "");
  files.write("notes.txt", "");
  fs::create_directory(files.path() / "more.pem");
  const auto sources = find_certificates(files.path());
  ASSERT_EQ(sources.size(), 2U);
  EXPECT_EQ(sources[0].certificate, files.path() / "a.crt");
  EXPECT_EQ(sources[1].certificate, files.path() / "b.pem");
  EXPECT_EQ(refusal(sources), "");
}

TEST_F(CertificateFiles, PathThatStandsForNothingIsRefused) {
  EXPECT_THROW((void)find_certificates(files.path() / "none"), std::runtime_error);
  EXPECT_THROW((void)find_certificates(files.path()), std::runtime_error);
  const fs::path file = files.write("x", "");
  EXPECT_EQ(find_certificates(file).size(), 1U);
}

TEST_F(CertificateFiles, NamesAndValidityAreTold) {
  const IssuedCertificate named = authority.issue(
      {.dns_names = {"WWW.Example.com", "*.example.com"}, .ip_addresses = {"198.18.0.1"}});
  const IssuedCertificate unnamed = authority.issue({.common_name = "Only.CN"});
  const std::vector<CertificateSource> sources = {{files.write("a.pem", named.both()), {}},
                                                  {files.write("b.pem", unnamed.both()), {}}};
  const ServerIdentity identity(sources, {});
  const auto& certificates = identity.certificates().certificates();
  ASSERT_EQ(certificates.size(), 2U);
  const CertificateInfo& first = certificates[0]->info();
  EXPECT_EQ(first.file, sources[0].certificate.string());
  EXPECT_THAT(first.names, ElementsAre("www.example.com", "*.example.com", "198.18.0.1"));
  EXPECT_NEAR(static_cast<double>(first.not_after - first.not_before), 86460, 5);
  EXPECT_NEAR(static_cast<double>(first.not_after), static_cast<double>(std::time(nullptr)) + 86400,
              60);
  EXPECT_EQ(first.dns_names, 2U);
  EXPECT_THAT(certificates[1]->info().names, ElementsAre("only.cn"));
}

// Which certificate a client is shown, by the first DNS name in it; "" when it is refused.
class Selection : public CertificateFiles {
 public:
  std::string shown(const std::string& server_name) {
    testing::Connection connection(
        *identity, {.client = {.server_name = server_name, .authority = authority.certificate()}});
    connection.handshake();
    if (!connection.client.open()) {
      error = connection.client.error();
      EXPECT_EQ(connection.handler.failure, StreamError::kProtocol);
      return {};
    }
    connection.handler.abort();
    return connection.client.server_names().front();
  }

  void make_identity(const std::vector<std::vector<std::string>>& names, bool strict) {
    std::vector<CertificateSource> sources;
    for (const auto& dns_names : names) {
      const std::string file = std::to_string(sources.size()) + ".pem";
      sources.push_back({files.write(file, authority.issue({.dns_names = dns_names}).both()), {}});
    }
    identity = std::make_unique<ServerIdentity>(sources, IdentityOptions{.strict_sni = strict});
  }

  std::unique_ptr<ServerIdentity> identity;
  std::string error;
};

TEST_F(Selection, ExactNameBeforeWildcard) {
  make_identity({{"default"}, {"*.example.com"}, {"www.example.com", "example.com"}}, false);
  EXPECT_EQ(shown("www.example.com"), "www.example.com");
  EXPECT_EQ(shown("WWW.EXAMPLE.COM"), "www.example.com");
  EXPECT_EQ(shown("example.com"), "www.example.com");
  EXPECT_EQ(shown("api.example.com"), "*.example.com");
}

TEST_F(Selection, WildcardStandsForOneLabel) {
  make_identity({{"default"}, {"*.example.com"}}, false);
  EXPECT_EQ(shown("a.b.example.com"), "default");
  EXPECT_EQ(shown("example.com"), "default");
  EXPECT_EQ(shown("xexample.com"), "default");
}

TEST_F(Selection, UnknownOrAbsentNameGetsTheFirst) {
  make_identity({{"default"}, {"www.example.com"}}, false);
  EXPECT_EQ(shown("nobody.example.org"), "default");
  EXPECT_EQ(shown(""), "default");
}

TEST_F(Selection, StrictRefusesUnknownAndAbsentNames) {
  make_identity({{"default"}, {"www.example.com"}}, true);
  EXPECT_EQ(shown("www.example.com"), "www.example.com");
  EXPECT_EQ(shown("default"), "default");
  EXPECT_EQ(shown("nobody.example.org"), "");
  EXPECT_THAT(error, HasSubstr("unrecognized name"));
  EXPECT_EQ(shown(""), "");
}

TEST_F(Selection, OutlivesTheIdentityOfAHandshake) {
  make_identity({{"default"}, {"www.example.com"}}, false);
  testing::Connection connection(
      *identity, {.client = {.server_name = "www.example.com", .alpn = {"http/1.1"}}});
  identity.reset();
  connection.handshake();
  EXPECT_TRUE(connection.client.open());
  EXPECT_THAT(connection.client.server_names(), ElementsAre("www.example.com"));
  EXPECT_EQ(connection.agreed.protocol, "http/1.1");
  connection.handler.abort();
}

TEST_F(Selection, FirstOfTwoCertificatesForANameIsShown) {
  make_identity({{"default"}, {"a.example.com", "same"}, {"b.example.com", "same"}}, false);
  EXPECT_EQ(shown("same"), "a.example.com");
}

TEST_F(CertificateFiles, ThousandsOfCertificatesLoad) {
  constexpr int kCount = 500;
  std::vector<CertificateSource> sources;
  for (int i = 0; i < kCount; ++i) {
    const std::string name = "site" + std::to_string(i) + ".example.com";
    sources.push_back(
        {files.write(name + ".pem", authority.issue({.dns_names = {name}}).both()), {}});
  }
  const ServerIdentity identity(find_certificates(files.path()), {});
  EXPECT_EQ(identity.certificates().certificates().size(), kCount);
}

}  // namespace
}  // namespace sluice::tls
