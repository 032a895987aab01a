#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "control/config/config.h"
#include "control/key_log/key_log.h"
#include "tls/client/client_context.h"

namespace sluice::control {

/// Makes the contexts with which workers speak TLS to servers. Backends whose settings and files
/// are alike share them; and as long as somebody holds a context, a configuration that would only
/// make the same again gets that one, so that pooled connections and TLS sessions survive it.
class ClientContexts {
 public:
  /// One for each worker.
  using List = std::vector<std::shared_ptr<const tls::ClientContext>>;

  /// `key_log`, which may be null, outlives all connections.
  ClientContexts(std::uint32_t workers, KeyLog* key_log) : workers_(workers), key_log_(key_log) {}

  /// In TCP mode no application protocol is offered: it is the client's affair. Throws
  /// std::runtime_error when a file cannot be used.
  List of(const BackendTlsConfig& config, Mode mode = Mode::kHttp);

 private:
  using WeakList = std::vector<std::weak_ptr<const tls::ClientContext>>;

  [[nodiscard]] List make(tls::ClientSettings settings) const;

  std::uint32_t workers_;
  KeyLog* key_log_;
  std::map<std::string, WeakList> made_;  // by what they were made of
};

}  // namespace sluice::control
