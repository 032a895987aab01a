#pragma once

#include <cstdint>

#include "dataplane/buffer/byte_chain.h"
#include "dataplane/buffer/packet_pool.h"
#include "tls/record/content_type.h"
#include "tls/record/record_ciphers.h"
#include "tls/record/suite.h"
#include "tls/record/traffic_keys.h"

namespace sluice::tls {

/// A record that was opened, or why it was not.
struct OpenedRecord {
  enum class Status : std::uint8_t {
    kOpened,
    kRefused,   ///< alert: what to tell the peer
    kNoMemory,  ///< no buffers, or none in OpenSSL
  };
  Status status;
  Alert alert = Alert::kBadRecordMac;
  ContentType type = ContentType::kApplicationData;
  ByteChain plaintext = {};
};

/// Opens one whole record, with its header. Decrypts in place what nobody else refers to, else into
/// new buffers. No plaintext comes out unless the tag was right (RFC 8446 section 5.2, RFC 5246
/// section 6.2.3.3). Bare of state: whoever calls keeps the keys, whose sequence number goes up.
[[nodiscard]] OpenedRecord open_record(RecordCiphers& ciphers, Suite suite, TrafficKeys& keys,
                                       ByteChain record, PacketPool& pool);

}  // namespace sluice::tls
