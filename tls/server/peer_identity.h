#pragma once

#include <memory>
#include <string>

#include "tls/openssl_types.h"

namespace sluice::tls {

/// Who a client is by its certificate, as text for those behind us: printable ASCII.
struct PeerIdentity {
  std::string subject;  ///< distinguished name (RFC 2253: "CN=alice,O=Example")
  std::string issuer;   ///< the same of who has signed the certificate
  std::string serial;   ///< hexadecimal, upper case
  std::string sha256;   ///< of the certificate: hexadecimal, lower case
};

/// Takes from a connection whose handshake is done who the client is. Null when it has shown no
/// certificate, was not asked for one, or there is no memory. A resumed session has what was
/// verified when it was new.
std::unique_ptr<PeerIdentity> take_peer_identity(const SSL* ssl);

}  // namespace sluice::tls
