#include "tls/testing/pair.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice::tls::testing {

void Pair::Side::send(std::string_view text) {
  ByteChain chain;
  ASSERT_TRUE(chain.append_copy({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                                *surroundings.pool));
  stream->send(std::move(chain));
}

Pair::Pair(const ServerIdentity& identity, const ClientContext& context, const PairOptions& options)
    : client(options), server(options), options_(options) {
  client.stream = connect(client.lower, context, options.connect, client.handler,
                          client.surroundings.environment);
  server.stream = accept(server.lower, identity, server.handler, server.surroundings.environment);
  for (Side* side : {&client, &server}) {
    side->handler.stream = side->stream;
    side->handler.at_open = [side] { side->agreed = Agreement::of(*side->stream); };
  }
}

Pair::~Pair() {
  for (Side* side : {&client, &server}) {
    if (side->handler.stream != nullptr) side->handler.abort();
  }
  end_loop();
}

void Pair::handshake() {
  client.lower.deliver_open();
  exchange();
}

void Pair::exchange() {
  bool moved = true;
  while (moved) {
    moved = carry(client, server);
    moved = carry(server, client) || moved;
  }
}

bool Pair::carry(Side& from, Side& to) {
  std::size_t size = std::min(from.lower.sent(), to.lower.window());
  if (options_.piece) size = std::min(size, std::max<std::size_t>(options_.piece(), 1));
  if (size == 0) return false;
  to.lower.deliver(from.lower.take_sent(size, *wire_pool));
  from.lower.acknowledge(from.lower.unacknowledged_taken());
  end_loop();
  return true;
}

void Pair::end_loop() {
  client.surroundings.graveyard.clear();
  server.surroundings.graveyard.clear();
}

}  // namespace sluice::tls::testing
