#pragma once

#include <cstdint>
#include <span>

#include "tls/openssl_types.h"

namespace sluice::tls {

/// Reads private keys in DER. It keeps OpenSSL's decoders, whose making takes ten times as long as
/// the reading of a key: for whoever reads thousands.
class KeyDecoder {
 public:
  /// PKCS #8 (RFC 5958) without encryption, or the forms before it. Null, and an error in OpenSSL's
  /// queue, when it is none.
  OpenSslPointer<EVP_PKEY> decode(std::span<const std::uint8_t> der);

 private:
  /// For PKCS #8 of one algorithm.
  struct Decoder {
    OpenSslPointer<OSSL_DECODER_CTX> context;
    EVP_PKEY* decoded = nullptr;  // where OpenSSL puts it
  };

  static OpenSslPointer<EVP_PKEY> decode_with(Decoder& decoder, const char* algorithm,
                                              std::span<const std::uint8_t> der);

  Decoder ec_;
  Decoder rsa_;
};

}  // namespace sluice::tls
