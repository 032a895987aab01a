#pragma once

#include <cstdint>
#include <string>

#include "bench/serve/settings.h"
#include "dataplane/buffer/byte_chain.h"
#include "dataplane/buffer/packet_pool.h"

namespace sluice::serve {

/// Makes the responses of one worker: heads of a few fields, and bodies of a pattern that lies in
/// one buffer and is sent by reference where it is long.
class ResponseWriter {
 public:
  /// Throws std::runtime_error when the pool is empty.
  ResponseWriter(const Settings& settings, PacketPool& pool);

  struct Response {
    unsigned status = 200;
    std::uint64_t size = 0;  ///< of the body, bytes
  };
  /// What the next response is.
  Response choose();

  enum class Connection : std::uint8_t {
    kKeepsAlive,     ///< as HTTP/1.1 does by itself
    kKeepsAliveV10,  ///< HTTP/1.0 has to be told
    kCloses,
  };
  /// Appends the head. False when buffers ran out.
  [[nodiscard]] bool head(const Response& response, Connection connection, ByteChain& out);
  /// Appends up to `most` bytes of a body from an offset on; returns how many, 0 when buffers ran
  /// out.
  std::uint64_t body(std::uint64_t offset, std::uint64_t most, ByteChain& out);

  /// The bytes of a body of any size: byte i is that of the pattern at i modulo its size.
  static constexpr std::uint16_t kPatternSize = 1024;
  static char pattern_at(std::uint64_t offset);

 private:
  const Settings& settings_;
  PacketPool& pool_;
  Packet pattern_;  // several times, one behind the other
  std::vector<unsigned> turns_;
  std::size_t next_turn_ = 0;
  std::uint64_t random_ = 0x9e3779b97f4a7c15;
};

}  // namespace sluice::serve
