#include "tls/openssl_types.h"

#include <openssl/err.h>

namespace sluice::tls {

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason == nullptr ? "unknown error" : reason;
}

}  // namespace sluice::tls
