#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "http/testing/proxy_world.h"
#include "tls/secure_stream.h"
#include "tls/testing/connection.h"
#include "tls/testing/fake_stream.h"
#include "tls/testing/recording_handler.h"

namespace sluice::http::testing {

/// A server that speaks TLS at the other end of a connection that the proxy has opened: a script
/// plays what is above TLS.
class SecureServer {
 public:
  /// For ProxyWorld::server(index); `identity` is who it is.
  SecureServer(ProxyWorld& world, std::size_t index, const tls::ServerIdentity& identity)
      : world_(world),
        near_(world.server(index)),
        stream_(tls::accept(far_, identity, handler_, surroundings_.environment)) {
    handler_.stream = stream_;
    handler_.at_open = [this] { agreed_ = tls::testing::Agreement::of(*stream_); };
  }
  ~SecureServer() {
    if (handler_.stream != nullptr) handler_.abort();
    surroundings_.graveyard.clear();
  }
  SecureServer(const SecureServer&) = delete;
  SecureServer& operator=(const SecureServer&) = delete;

  /// Takes the connection, and lets the handshake and what the proxy sends behind it happen.
  void open() {
    near_.open();
    carry();
  }
  /// Sends text by TLS.
  void send(std::string_view text) {
    ByteChain chain;
    EXPECT_TRUE(chain.append_copy({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()},
                                  *surroundings_.pool));
    stream_->send(std::move(chain));
    carry();
  }
  /// Ends the connection with close_notify and FIN.
  void close() {
    handler_.close();
    carry();
    near_.end();
    world_.loop();
  }
  /// Ends TCP alone.
  void cut() {
    near_.end();
    world_.loop();
  }
  /// Carries bytes both ways until nothing moves any more.
  void carry() {
    for (bool moved = true; moved;) {
      const std::string to_server = near_.take();
      near_.acknowledge_all();
      deliver(to_server);
      if (near_.closed() && !std::exchange(told_end_, true)) far_.deliver_end();
      const ByteChain to_proxy = far_.take_sent(far_.sent(), *surroundings_.pool);
      if (!far_.closed()) far_.acknowledge(far_.unacknowledged_taken());
      near_.deliver(sluice::testing::bytes_of(to_proxy));
      moved = !to_server.empty() || !to_proxy.empty();
      surroundings_.graveyard.clear();
      world_.loop();
    }
  }

  /// Plaintext that came since the last call.
  std::string take() { return std::exchange(handler_.received, std::string()); }
  [[nodiscard]] bool opened() const { return handler_.opened; }
  /// What the handshake has agreed on.
  [[nodiscard]] const tls::testing::Agreement& agreed() const { return agreed_; }
  /// The proxy's close_notify has come.
  [[nodiscard]] bool ended() const { return handler_.ended; }
  /// What the TLS stream ended with, when it failed.
  [[nodiscard]] const auto& failure() const { return handler_.failure; }
  [[nodiscard]] tls::SecureStream& stream() const { return *stream_; }
  /// The proxy's end.
  [[nodiscard]] FakeStream& near() const { return near_; }

 private:
  void deliver(std::string_view bytes) {
    while (!bytes.empty() && far_.window() > 0) {
      const std::string_view part = bytes.substr(0, std::min(bytes.size(), far_.window()));
      bytes.remove_prefix(part.size());
      ByteChain chain;
      EXPECT_TRUE(chain.append_copy(
          {reinterpret_cast<const std::uint8_t*>(part.data()), part.size()}, *surroundings_.pool));
      far_.deliver(std::move(chain));
    }
    EXPECT_TRUE(bytes.empty()) << "more than the server's window";
  }

  ProxyWorld& world_;
  FakeStream& near_;
  tls::testing::Surroundings surroundings_;
  tls::testing::FakeStream far_{std::size_t{1} << 20};
  tls::testing::RecordingHandler handler_;
  tls::testing::Agreement agreed_;
  tls::SecureStream* stream_;
  bool told_end_ = false;
};

}  // namespace sluice::http::testing
