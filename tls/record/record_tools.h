#pragma once

#include "tls/record/buffer_reserve.h"
#include "tls/record/output_buffers.h"
#include "tls/record/record_ciphers.h"

namespace sluice::tls {

/// What a worker protects the records of all its connections with. Nothing in it belongs to a
/// connection: the output is taken before anybody else is called.
struct RecordTools {
  /// Throws std::runtime_error when OpenSSL lacks what TLS needs.
  explicit RecordTools(BufferReserve& reserve) : output(reserve) {}

  RecordCiphers ciphers;
  OutputBuffers output;
};

}  // namespace sluice::tls
