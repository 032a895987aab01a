#include "tls/environment.h"

#include "tls/secure_stream.h"

namespace sluice::tls {

Environment::Environment(PacketPool& packet_pool, Graveyard& worker_graveyard,
                         const Clock& worker_clock, Counters& worker_counters,
                         const EnvironmentOptions& worker_options)
    : pool(packet_pool),
      graveyard(worker_graveyard),
      clock(worker_clock),
      counters(worker_counters),
      reserve(packet_pool),
      records(reserve),
      options(worker_options),
      handshakes(worker_options.handshakes) {}

Environment::~Environment() = default;

std::size_t Environment::finish_pass(Instant now) {
  const std::size_t turns = handshakes.run(now);
  counters.handshakes_waiting.set(handshakes.size());
  const std::size_t sealed = gathering.size();
  for (SecureStream* stream : gathering) stream->seal_gathered();
  gathering.clear();
  return turns + sealed;
}

}  // namespace sluice::tls
