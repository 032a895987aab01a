#pragma once

#include <string>

#include "tls/secure_stream.h"

namespace sluice::tls::testing {

/// What a handshake has agreed on, which a stream tells only while it opens.
struct Agreement {
  std::string protocol;
  std::string cipher;
  std::string group;
  bool resumed = false;

  static Agreement of(const SecureStream& stream) {
    return {.protocol = std::string(stream.negotiated_protocol()),
            .cipher = std::string(stream.negotiated_cipher()),
            .group = std::string(stream.negotiated_group()),
            .resumed = stream.resumed()};
  }
};

}  // namespace sluice::tls::testing
