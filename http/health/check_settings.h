#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/base/time.h"

namespace sluice::tls {
class ClientContext;
}  // namespace sluice::tls

namespace sluice::http {

/// How a server proves that it is fit: each kind includes those before it, TLS where it is spoken.
enum class CheckKind : std::uint8_t {
  kNone,  ///< it is taken to be
  kTcp,   ///< it accepts a connection
  kTls,   ///< it completes a handshake
  kHttp,  ///< it answers a request as it should
};

/// How the servers of a backend are checked.
struct CheckSettings {
  CheckKind kind = CheckKind::kNone;
  std::string method = "GET";
  std::string path;  ///< and query
  std::string host;  ///< empty: the server's TLS name, or its address
  /// Statuses that will do, from and to; empty: 200 to 399.
  std::vector<std::pair<std::uint16_t, std::uint16_t>> statuses;
  std::string body;  ///< what the response's first 64 KiB must hold; empty: anything
  Duration interval = std::chrono::seconds(2);  ///< from the start of one check to the next
  std::uint32_t jitter_percent = 10;  ///< that interval is this much shorter or longer, by chance
  Duration timeout = std::chrono::seconds(2);  ///< for a whole check
  std::uint32_t rise = 2;                      ///< good checks in a row that bring a server back
  std::uint32_t fall = 3;                      ///< bad ones that take it out
  std::uint16_t port = 0;                      ///< 0: the server's own
  /// With kTls, where the backend's own connections are plain: one for each worker.
  std::vector<std::shared_ptr<const tls::ClientContext>> tls_contexts = {};

  friend bool operator==(const CheckSettings&, const CheckSettings&) = default;
  [[nodiscard]] bool active() const { return kind != CheckKind::kNone; }
  [[nodiscard]] bool accepts(unsigned status) const {
    if (statuses.empty()) return status >= 200 && status <= 399;
    for (const auto& [from, to] : statuses) {
      if (status >= from && status <= to) return true;
    }
    return false;
  }
};

}  // namespace sluice::http
