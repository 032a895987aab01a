#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tls/failure.h"

namespace sluice::tls {

/// Why a server's certificate was not trusted, as far as operators do different things about it.
enum class CertificateFault : std::uint8_t {
  kUnknownAuthority,  ///< no authority that is trusted vouches for it
  kWrongName,         ///< it is for another name or address
  kExpired,           ///< it, or one of its issuers
  kNotYetValid,
  kOther,
};

inline constexpr std::size_t kCertificateFaults = 5;

/// Of a failure of kind kCertificate.
CertificateFault certificate_fault(const Failure& failure);

/// "unknown authority", "wrong name", ...
std::string_view to_string(CertificateFault fault);

}  // namespace sluice::tls
