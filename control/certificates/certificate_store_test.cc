#include "control/certificates/certificate_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tls/testing/certificates.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::control {
namespace {

using ::testing::HasSubstr;
using tls::testing::IssuedCertificate;

class CertificateStoreTest : public ::testing::Test {
 protected:
  std::string write(const std::string& file, const std::string& pem) {
    return directory_.write(file, pem);
  }
  std::string write_new(const std::string& file, const std::string& name) {
    return write(file, authority_.issue({.dns_names = {name}}).both());
  }
  template <typename Work>
  static std::string refusal(Work&& work) {
    try {
      work();
    } catch (const std::runtime_error& fault) {
      return fault.what();
    }
    return {};
  }
  std::string name_of(const std::string& path) {
    return store_.at(path).front()->info().names.front();
  }

  tls::testing::TemporaryDirectory directory_;
  tls::testing::CertificateAuthority authority_;
  CertificateStore store_{1};
};

TEST_F(CertificateStoreTest, AFileIsLoadedOnceWhateverPathsLeadToIt) {
  const std::string a = write_new("a.pem", "a");
  write_new("b.pem", "b");
  const auto whole = store_.at(directory_.path());
  ASSERT_EQ(whole.size(), 2U);
  EXPECT_EQ(store_.at(a).front(), whole.front());
  EXPECT_EQ(store_.at(directory_.path()), whole);
}

// Else a look at the directory in a replacement would bring in what nobody asked for.
TEST_F(CertificateStoreTest, AFileThatComesLaterIsNotTaken) {
  write_new("a.pem", "a");
  EXPECT_EQ(store_.at(directory_.path()).size(), 1U);
  write_new("b.pem", "b");
  EXPECT_EQ(store_.at(directory_.path()).size(), 1U);
}

TEST_F(CertificateStoreTest, AFaultLeavesTheOthers) {
  write_new("a.pem", "a");
  write("b.pem", "");
  std::vector<std::string> faults;
  const auto fault = [&](const std::string& message) { faults.push_back(message); };
  EXPECT_EQ(store_.at(directory_.path(), fault).size(), 1U);
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_THAT(faults[0], HasSubstr("b.pem"));
  EXPECT_THAT(refusal([&] { (void)store_.at(directory_.path() / "none"); }), HasSubstr("none"));
}

TEST_F(CertificateStoreTest, WhatIsStagedCountsFromItsCommit) {
  const std::string a = write_new("a.pem", "old");
  const auto old = store_.at(a).front();
  store_.stage(a, authority_.issue({.dns_names = {"new"}}).both());
  EXPECT_EQ(name_of(a), "old");
  store_.commit(a);
  EXPECT_EQ(name_of(a), "new");
  EXPECT_EQ(old->info().names.front(), "old") << "who has it keeps it";
  EXPECT_EQ(store_.find(a)->staged, nullptr);
}

TEST_F(CertificateStoreTest, ItsFilesCanBeReadAgain) {
  const std::string a = write_new("a.pem", "old");
  (void)store_.at(a);
  write_new("a.pem", "new");
  store_.stage(a);
  store_.commit(a);
  EXPECT_EQ(name_of(a), "new");
}

TEST_F(CertificateStoreTest, ARenewedCertificateKeepsItsKey) {
  const IssuedCertificate issued = authority_.issue({.dns_names = {"a"}});
  const std::string a = write("a.pem", issued.both());
  (void)store_.at(a);
  store_.stage(a, issued.certificate + authority_.certificate());
  store_.commit(a);
  EXPECT_EQ(store_.at(a).front()->chain().certificates().size(), 1U);
  const IssuedCertificate other = authority_.issue({.dns_names = {"a"}});
  EXPECT_THAT(refusal([&] { store_.stage(a, other.certificate); }), HasSubstr("does not belong"));
}

TEST_F(CertificateStoreTest, AnAbortForgetsWhatIsStaged) {
  const std::string a = write_new("a.pem", "old");
  (void)store_.at(a);
  store_.stage(a, authority_.issue({.dns_names = {"new"}}).both());
  store_.abort(a);
  EXPECT_THAT(refusal([&] { store_.commit(a); }), HasSubstr("nothing is staged"));
  EXPECT_EQ(name_of(a), "old");
}

TEST_F(CertificateStoreTest, ARefusalChangesNothing) {
  const std::string a = write_new("a.pem", "old");
  (void)store_.at(a);
  store_.stage(a, authority_.issue({.dns_names = {"new"}}).both());
  EXPECT_THAT(refusal([&] { store_.stage(a, "nonsense"); }), HasSubstr("a.pem: no certificate"));
  store_.commit(a);
  EXPECT_EQ(name_of(a), "new") << "what was staged before";
  EXPECT_THAT(refusal([&] { store_.stage(a + "x"); }), HasSubstr("did you mean '" + a + "'?"));
}

}  // namespace
}  // namespace sluice::control
