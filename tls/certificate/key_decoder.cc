#include "tls/certificate/key_decoder.h"

#include <openssl/err.h>
#include <openssl/objects.h>

#include <utility>

namespace sluice::tls {
namespace {

// The algorithm of a PKCS #8 key (an NID_...), or NID_undef when it is no such key.
int algorithm_of(std::span<const std::uint8_t> der) {
  const unsigned char* at = der.data();
  const OpenSslPointer<PKCS8_PRIV_KEY_INFO> info(
      d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  const ASN1_OBJECT* algorithm = nullptr;
  const bool found =
      info && PKCS8_pkey_get0(&algorithm, nullptr, nullptr, nullptr, info.get()) == 1;
  ERR_clear_error();
  return found ? OBJ_obj2nid(algorithm) : NID_undef;
}

}  // namespace

OpenSslPointer<EVP_PKEY> KeyDecoder::decode_with(Decoder& decoder, const char* algorithm,
                                                 std::span<const std::uint8_t> der) {
  if (!decoder.context) {
    decoder.context.reset(OSSL_DECODER_CTX_new_for_pkey(
        &decoder.decoded, "DER", "PrivateKeyInfo", algorithm, EVP_PKEY_KEYPAIR, nullptr, nullptr));
  }
  const unsigned char* at = der.data();
  std::size_t size = der.size();
  if (decoder.context) (void)OSSL_DECODER_from_data(decoder.context.get(), &at, &size);
  return OpenSslPointer<EVP_PKEY>(std::exchange(decoder.decoded, nullptr));
}

OpenSslPointer<EVP_PKEY> KeyDecoder::decode(std::span<const std::uint8_t> der) {
  const int algorithm = algorithm_of(der);
  OpenSslPointer<EVP_PKEY> key;
  if (algorithm == NID_X9_62_id_ecPublicKey) key = decode_with(ec_, "EC", der);
  if (algorithm == NID_rsaEncryption) key = decode_with(rsa_, "RSA", der);
  if (key) return key;
  ERR_clear_error();
  const unsigned char* at = der.data();
  return OpenSslPointer<EVP_PKEY>(d2i_AutoPrivateKey(nullptr, &at, static_cast<long>(der.size())));
}

}  // namespace sluice::tls
