#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tls/openssl_types.h"

namespace sluice::tls {

/// What a certificate's issuer says of its state (OCSP, RFC 6960), for stapling.
struct OcspResponse {
  std::vector<std::uint8_t> der;
  std::int64_t this_update = 0;  ///< seconds since the epoch
  std::int64_t next_update = 0;  ///< the same; one that does not say is good for ever

  /// Whether it is to be shown at this time. Some minutes of difference between clocks are allowed
  /// before it begins.
  [[nodiscard]] bool current(std::int64_t now) const;
};

/// Reads a response in DER and checks that it says of `leaf` that it is good. `issuer`, which may
/// be null, has issued the leaf. Its signature is for clients to check. Throws std::runtime_error
/// with what is wrong with it.
OcspResponse parse_ocsp_response(std::span<const std::uint8_t> der, const X509* leaf,
                                 const X509* issuer);

}  // namespace sluice::tls
