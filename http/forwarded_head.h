#pragma once

#include <string_view>

#include "dataplane/buffer/byte_chain.h"
#include "dataplane/wire/ip_address.h"
#include "http/header_edits.h"
#include "http/request_head.h"
#include "http/response_head.h"
#include "tls/server/peer_identity.h"

/// Heads as they leave: without what was meant for the hop they came on (RFC 9110 section 7.6.1),
/// with framing of our own, and with what tells of this hop.
namespace sluice::http {

/// What this hop adds to a request.
struct RequestHop {
  std::string_view via_name{};  ///< our name in Via; empty: no Via
  bool forwarded = false;       ///< set X-Forwarded-For, -Proto and -Host
  wire::IpAddress client{};     ///< for X-Forwarded-For
  bool secure = false;          ///< the client came by TLS: X-Forwarded-Proto
  /// Clients are asked for a certificate: set X-SSL-Client-Verify to SUCCESS or NONE, and with a
  /// certificate X-SSL-Client-DN, -Issuer, -Serial and -SHA256.
  bool client_certificates = false;
  const tls::PeerIdentity* peer = nullptr;  ///< who has shown a good one; null: nobody
  std::string_view host{};                  ///< for Host; empty: what the client has asked for
  const HeaderEdits* edits = nullptr;       ///< null: none
  TemplateValues values{};                  ///< for these
};

/// A request's head for a backend: origin form (or "*"), HTTP/1.1, Host from the authority. The
/// client's address is appended to an X-Forwarded-For that is there already; -Proto and -Host are
/// ours alone, and so is X-SSL-Client-..., set or not. Host, Content-Length and Transfer-Encoding
/// cannot be nominated away by Connection. Expect is passed on, except from HTTP/1.0 (RFC 9110
/// section 10.1.1), and Upgrade where RequestHead::upgrade has it. Empty when buffers ran out.
ByteChain write_request_head(const RequestHead& request, const RequestHop& hop, PacketPool& pool);

/// What becomes of a response on the client's connection.
struct ResponseHop {
  std::string_view via_name{};  ///< empty: no Via
  Version client_version = Version::kHttp11;
  bool close = false;                  ///< the connection ends behind this response
  bool chunked = false;                ///< the body follows in the chunked coding
  const HeaderEdits* edits = nullptr;  ///< null: none; interim responses are left alone
  TemplateValues values{};             ///< for these
};

/// A response's head for a client: an HTTP/1.1 status line (RFC 9110 section 6.2: our version, not
/// the backend's), framing as the hop says, or the backend's Content-Length. Works for interim
/// responses too, which have neither framing nor, but for 101, Connection. Empty when buffers ran
/// out.
ByteChain write_response_head(const ResponseHead& response, const ResponseHop& hop,
                              PacketPool& pool);

}  // namespace sluice::http
