#include "tls/environment.h"

#include "tls/secure_stream.h"

namespace sluice::tls {

std::size_t Environment::finish_pass(Instant now) {
  const std::size_t turns = handshakes.run(now);
  counters.handshakes_waiting.set(handshakes.size());
  const std::size_t sealed = gathering.size();
  for (SecureStream* stream : gathering) stream->seal_gathered();
  gathering.clear();
  return turns + sealed;
}

}  // namespace sluice::tls
