#pragma once

#include <cstdint>

#include "tls/handshake/handshake_queue.h"

namespace sluice::tls {

/// Who protects the records of connections after their handshake.
enum class RecordLayer : std::uint8_t {
  /// Sluice, where the cipher suite is one with an AEAD of Suite: the SSL object is freed.
  kOwn,
  kOpenSsl,
};

/// How the TLS streams of a worker do what they do.
struct EnvironmentOptions {
  RecordLayer record_layer = RecordLayer::kOwn;
  /// With TLS 1.3, both sides' keys are replaced after so many records: the AES-GCM ones must be
  /// before 2^24.5 (RFC 8446 section 5.5).
  std::uint64_t records_per_key = std::uint64_t{1} << 24;
  /// Of clients. Who sets a budget calls Environment::finish_pass() in every pass of its loop.
  HandshakeLimits handshakes = {};
  /// What is sent in one pass of the loop, up to a full record, waits for finish_pass() and shares
  /// a record: a head and the body behind it, say.
  bool gathers_writes = false;
};

}  // namespace sluice::tls
