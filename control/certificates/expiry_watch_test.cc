#include "control/certificates/expiry_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ocsp.h>

#include <ctime>

#include "tls/testing/certificates.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t kDay = 86400;

TEST(ExpiryWarning, ComesTwoWeeksAhead) {
  tls::CertificateInfo info;
  info.not_after = 100 * kDay;
  EXPECT_EQ(expiry_warning(info, 86 * kDay - 1), "");
  EXPECT_EQ(expiry_warning(info, 86 * kDay), "expires within 14 days");
  EXPECT_EQ(expiry_warning(info, 99 * kDay), "expires within 1 day");
  EXPECT_EQ(expiry_warning(info, 100 * kDay + 1), "has expired");
}

class ExpiryWatchTest : public ::testing::Test {
 protected:
  // Their certificates are valid for a day.
  void load(int count) {
    for (int i = 0; i < count; ++i) {
      const auto issued = authority_.issue({.dns_names = {"a"}});
      directory_.write(std::to_string(10 + i) + ".pem", issued.both());
    }
    (void)store_.at(directory_.path());
  }

  tls::testing::TemporaryDirectory directory_;
  tls::testing::CertificateAuthority authority_;
  CertificateStore store_{1};
  std::int64_t now_ = static_cast<std::int64_t>(std::time(nullptr));
};

TEST_F(ExpiryWatchTest, WarnsOnceADay) {
  load(1);
  ExpiryWatch watch(store_, now_);
  EXPECT_THAT(watch.look(now_), ElementsAre()) << "the check of the configuration has warned";
  EXPECT_THAT(watch.look(now_ + kDay - 100), ElementsAre());
  EXPECT_THAT(watch.look(now_ + kDay + 100), ElementsAre(HasSubstr("10.pem' has expired")));
  EXPECT_THAT(watch.look(now_ + kDay + 200), ElementsAre());
  EXPECT_EQ(watch.look(now_ + 3 * kDay).size(), 1U);
}

TEST_F(ExpiryWatchTest, OfManyTheFirstAreNamed) {
  load(13);
  ExpiryWatch watch(store_, now_);
  const auto warnings = watch.look(now_ + 2 * kDay);
  ASSERT_EQ(warnings.size(), ExpiryWatch::kMostNamed + 1);
  EXPECT_THAT(warnings.back(), HasSubstr("and 3 more"));
}

TEST_F(ExpiryWatchTest, NoticesAnOcspResponseThatHasEnded) {
  const auto issued = authority_.issue({.dns_names = {"a"}});
  const auto response = authority_.ocsp_response(issued.certificate, V_OCSP_CERTSTATUS_GOOD);
  directory_.write("a.pem.ocsp", {reinterpret_cast<const char*>(response.data()), response.size()});
  (void)store_.at(directory_.write("a.pem", issued.both()));
  ExpiryWatch watch(store_, now_);
  EXPECT_THAT(watch.look(now_ + kDay),
              ElementsAre(HasSubstr("expires within"), HasSubstr("OCSP response")));
}

}  // namespace
}  // namespace sluice::control
