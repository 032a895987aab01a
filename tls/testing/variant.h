#pragma once

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <string>

#include "tls/environment.h"

namespace sluice::tls::testing {

/// A version of TLS, and who protects its records.
struct Variant {
  int version = TLS1_3_VERSION;  ///< or TLS1_2_VERSION
  RecordLayer records = RecordLayer::kOwn;
};

/// What a test of streams is to hold for.
inline auto every_variant() {
  return ::testing::Values(Variant{TLS1_2_VERSION, RecordLayer::kOwn},
                           Variant{TLS1_3_VERSION, RecordLayer::kOwn},
                           Variant{TLS1_2_VERSION, RecordLayer::kOpenSsl},
                           Variant{TLS1_3_VERSION, RecordLayer::kOpenSsl});
}

inline std::string name_of(const Variant& variant) {
  const std::string version = variant.version == TLS1_2_VERSION ? "Tls12" : "Tls13";
  return version + (variant.records == RecordLayer::kOwn ? "Own" : "OpenSsl");
}

/// For INSTANTIATE_TEST_SUITE_P().
inline std::string variant_name(const ::testing::TestParamInfo<Variant>& info) {
  return name_of(info.param);
}

/// The same for what only one version of TLS has.
inline auto every_layer() {
  return ::testing::Values(RecordLayer::kOwn, RecordLayer::kOpenSsl);
}
inline std::string layer_name(const ::testing::TestParamInfo<RecordLayer>& info) {
  return info.param == RecordLayer::kOwn ? "Own" : "OpenSsl";
}

}  // namespace sluice::tls::testing
