#include "tls/certificate/shared_certificate.h"

#include <gtest/gtest.h>

#include "tls/certificate/certificate_loader.h"
#include "tls/testing/certificates.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::tls {
namespace {

class SharedCertificateTest : public ::testing::Test {
 protected:
  std::shared_ptr<const SharedCertificate> load(const std::string& name) {
    const auto issued = authority_.issue({.dns_names = {name}});
    return loader_.load(
        {files_.write(name + ".pem", issued.both() + authority_.certificate()), {}});
  }

  testing::CertificateAuthority authority_;
  testing::TemporaryDirectory files_;
  CertificateLoader loader_{2};
};

TEST_F(SharedCertificateTest, EachWorkerMakesItsOwnOnce) {
  const auto certificate = load("a");
  const SharedCertificate::Made* first = certificate->for_worker(0);
  const SharedCertificate::Made* second = certificate->for_worker(1);
  ASSERT_NE(first, nullptr);
  ASSERT_NE(second, nullptr);
  EXPECT_EQ(certificate->for_worker(0), first);
  EXPECT_NE(first->leaf, second->leaf);
  EXPECT_NE(first->key, second->key);
  EXPECT_NE(first->chain, second->chain);
  EXPECT_EQ(X509_cmp(first->leaf.get(), second->leaf.get()), 0);
  EXPECT_EQ(X509_check_private_key(first->leaf.get(), first->key.get()), 1);
  EXPECT_EQ(sk_X509_num(first->chain), 1);
}

TEST_F(SharedCertificateTest, TheSameIssuersAreKeptOnce) {
  const auto first = load("a");
  const auto second = load("b");
  EXPECT_EQ(&first->chain(), &second->chain());
  EXPECT_EQ(first->for_worker(0)->chain, second->for_worker(0)->chain);
  const auto issued = authority_.issue({.dns_names = {"c"}});
  const auto alone = loader_.load({files_.write("c.pem", issued.both()), {}});
  EXPECT_NE(&alone->chain(), &first->chain());
  EXPECT_EQ(sk_X509_num(alone->for_worker(0)->chain), 0);
}

}  // namespace
}  // namespace sluice::tls
