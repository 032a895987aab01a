#pragma once

#include <filesystem>

namespace sluice::micro {

/// What the public-key operations of a full handshake cost a server, in microseconds of CPU time
/// each, with everything that can be prepared prepared.
struct HandshakeOperations {
  double make_key_share = 0;  ///< an X25519 key
  double agree = 0;           ///< X25519 with the client's share
  double sign = 0;            ///< SHA-256 of a transcript, and its signature

  [[nodiscard]] double sum() const { return make_key_share + agree + sign; }
};

/// Measures them with the key in `certificate`, a PEM file. Throws std::runtime_error.
HandshakeOperations measure_operations(const std::filesystem::path& certificate);

}  // namespace sluice::micro
