#pragma once

#include "tls/server/server_identity.h"
#include "tls/testing/certificates.h"
#include "tls/testing/temporary_directory.h"

namespace sluice::tls::testing {

/// An identity "server.test" for tests that do not care which, made once in a process.
class TestIdentity {
 public:
  static const TestIdentity& get() {
    static const TestIdentity instance;
    return instance;
  }

  [[nodiscard]] const ServerIdentity& identity() const { return *identity_; }
  /// Who has signed it, PEM.
  [[nodiscard]] const std::string& authority() const { return authority_.certificate(); }

 private:
  TestIdentity() {
    const TemporaryDirectory files;
    const auto issued = authority_.issue({.dns_names = {"server.test"}});
    const auto file = files.write("server.pem", issued.both() + authority_.certificate());
    const std::vector<CertificateSource> sources = {{file, {}}};
    identity_ = std::make_unique<ServerIdentity>(sources, IdentityOptions{});
  }

  CertificateAuthority authority_;
  std::unique_ptr<ServerIdentity> identity_;
};

}  // namespace sluice::tls::testing
