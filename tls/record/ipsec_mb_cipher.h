#pragma once

#include <memory>

#include "tls/record/record_cipher.h"

namespace sluice::tls {

/// AES-GCM of Intel's Multi-Buffer Crypto for IPsec library. It uses the instructions for four AES
/// blocks at a time, which OpenSSL knows from 3.1 on, and has no parameters to look up by name: a
/// short record costs a fifth of what it costs with OpenSSL 3.0, a long one less than half. Null
/// for another AEAD, on a processor without AES instructions, and where the library is not there.
std::unique_ptr<RecordCipher> make_ipsec_mb_cipher(Aead aead, Direction direction);

}  // namespace sluice::tls
