#include "tls/testing/connection.h"

#include <algorithm>

namespace sluice::tls::testing {

Connection::Connection(const ServerIdentity& identity, const ConnectionOptions& options)
    : surroundings(options.buffers, options.records, options.handshakes),
      lower(options.window),
      client(*client_pool, options.client),
      server(accept(lower, identity, handler, surroundings.environment)),
      options_(options) {
  handler.stream = server;
  handler.at_open = [this] { agreed = Agreement::of(*server); };
}

Connection::~Connection() {
  if (handler.stream != nullptr) handler.abort();
  end_loop();
}

std::size_t Connection::next_piece(std::size_t available) const {
  return options_.piece ? std::min(available, std::max<std::size_t>(options_.piece(), 1))
                        : available;
}

bool Connection::carry_to_server() {
  to_server_.append(client.take_output());
  const std::size_t size = next_piece(std::min(to_server_.size(), lower.window()));
  if (size == 0) return false;
  ByteChain piece;
  EXPECT_TRUE(to_server_.move_front(size, piece, *client_pool));
  lower.deliver(std::move(piece));
  end_loop();
  return true;
}

bool Connection::carry_to_client() {
  const std::size_t size = next_piece(lower.sent());
  if (size == 0) return false;
  client.receive(lower.take_sent(size, *client_pool));
  if (acknowledge_at_once) lower.acknowledge(lower.unacknowledged_taken());
  end_loop();
  return true;
}

void Connection::exchange() {
  bool moved = true;
  while (moved) {
    moved = carry_to_server();
    moved = carry_to_client() || moved;
  }
}

void Connection::handshake() {
  client.start();
  exchange();
}

}  // namespace sluice::tls::testing
