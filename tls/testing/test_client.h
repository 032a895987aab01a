#pragma once

#include <openssl/ssl.h>

#include <string>

#include "tls/client/client_context.h"
#include "tls/testing/temporary_directory.h"
#include "tls/testing/test_identity.h"

namespace sluice::tls::testing {

/// Settings that allow one version of TLS (TLS1_2_VERSION, TLS1_3_VERSION) and verify nothing.
inline ClientSettings trusting_client(int version) {
  const auto only = static_cast<Version>(version);
  return {.min_version = only, .max_version = only, .verification = Verification::kNone};
}

/// A context that verifies servers by the authority in `pem`, else with these settings.
inline ClientContext verifying_client(ClientSettings settings,
                                      const std::string& pem = TestIdentity::get().authority()) {
  const TemporaryDirectory files;
  settings.verification = Verification::kAuthority;
  settings.authorities = files.write("authority.pem", pem);
  return ClientContext(settings);
}

}  // namespace sluice::tls::testing
