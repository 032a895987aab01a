#pragma once

#include <openssl/core_dispatch.h>

namespace sluice::tls {

/// An entry of the tables by which OpenSSL's core finds a provider's functions.
template <typename Function>
OSSL_DISPATCH dispatch_entry(int id, Function* function) {
  return {id, reinterpret_cast<void (*)()>(function)};
}

}  // namespace sluice::tls
