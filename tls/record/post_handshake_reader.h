#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dataplane/buffer/byte_chain.h"
#include "tls/record/content_type.h"

namespace sluice::tls {

/// Reads TLS 1.3's handshake messages that come after the handshake (RFC 8446 section 4.6), in as
/// many records as they come. Key updates are told; a client passes over session tickets; anything
/// else is refused.
class PostHandshakeReader {
 public:
  /// What a record led to.
  struct Result {
    std::optional<Alert> refused;
    bool key_updated = false;       ///< the records that follow have the peer's next keys
    bool update_requested = false;  ///< and it wants the same of us
  };
  /// Reads the plaintext of one record. Not to be called again after a refusal.
  [[nodiscard]] Result read(const ByteChain& plaintext, bool as_client);

  /// A message is not complete: no record of another type may come (RFC 8446 section 5.1).
  [[nodiscard]] bool inside_message() const { return size_ > 0 || to_skip_ > 0; }

 private:
  static constexpr std::size_t kHeaderSize = 4;

  void take(std::uint8_t byte, bool as_client, Result& result);
  void read_header(bool as_client, Result& result);

  std::uint32_t to_skip_ = 0;
  std::uint8_t size_ = 0;
  std::array<std::uint8_t, kHeaderSize + 1> start_{};  // header, and a key update's body
};

}  // namespace sluice::tls
