#pragma once

#include <openssl/tls1.h>

#include <cstdint>

namespace sluice::tls {

enum class Version : std::uint16_t { kTls12 = TLS1_2_VERSION, kTls13 = TLS1_3_VERSION };

}  // namespace sluice::tls
