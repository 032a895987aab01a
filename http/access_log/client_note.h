#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "dataplane/base/time.h"
#include "dataplane/stream.h"
#include "dataplane/wire/ip_address.h"
#include "http/access_log/access_record.h"

namespace sluice::http {

struct ExchangeTrace;
struct ProxyCore;

/// What the access log will tell of a client's connection with each of its records. There is one
/// only where something is logged.
struct ClientNote {
  Instant accepted{};
  Instant began = kNever;  ///< the first byte of the present request
  wire::Endpoint client;
  std::string_view tls_version{};  ///< "" without TLS; these two are constants of OpenSSL
  std::string_view cipher{};
  std::string server_name{};  ///< by SNI
  bool resumed = false;
};

/// The note for a client that has just been accepted by a frontend; null: nothing is logged of it.
std::unique_ptr<ClientNote> note_client(const ProxyCore& core, FrontendId frontend,
                                        const Stream& stream);

/// Its TLS handshake is done. `stream` is a tls::SecureStream.
void note_handshake(ClientNote& note, const Stream& stream);

/// A record of something that ends now, with what is known of its client and, if there was one, of
/// its exchange: all but the request, the response and who ended it.
AccessEntry begin_entry(const ProxyCore& core, FrontendId frontend, const ClientNote& note,
                        const ExchangeTrace& trace);

/// Hands it to the log, or counts it as lost.
void put_entry(ProxyCore& core, const AccessEntry& entry);

}  // namespace sluice::http
