#pragma once

#include <memory>

#include "tls/record/record_cipher.h"

namespace sluice::tls {

/// OpenSSL's implementation of an AEAD. Throws std::runtime_error when OpenSSL lacks it.
std::unique_ptr<RecordCipher> make_openssl_cipher(Aead aead, Direction direction);

}  // namespace sluice::tls
